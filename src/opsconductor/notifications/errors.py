"""Refusals of the notifications domain, and the ways in which a delivery fails."""

from typing import ClassVar

from opsconductor.kit.errors import Conflict, Forbidden, Invalid, NotFound


class ChannelNotFound(NotFound):
    """There is no notification channel with this id."""

    code = "notification_channel_not_found"


class NotificationNotFound(NotFound):
    """There is no notification with this id."""

    code = "notification_not_found"


class ChannelNameTaken(Conflict):
    """Another notification channel already has this name."""

    code = "notification_channel_name_taken"


class UnknownChannels(Invalid):
    """These notification channels do not exist: {ids}."""

    code = "unknown_notification_channels"


class ChannelNotUsable(Invalid):
    """The channel can't be used like this: {reason}."""

    code = "notification_channel_not_usable"


class TemplateNotFilled(Invalid):
    """The text can't be made from the data: {reason}."""

    code = "template_not_filled"


class PrivateAddressNotAllowed(Forbidden):
    """Only administrators may lead a channel into the own network, or change where such a channel leads."""

    code = "private_address_not_allowed"


class DeliveryError(Exception):
    """A notification was not delivered. The docstring is the sentence that is shown, without any secret."""

    code: ClassVar[str]
    retry: ClassVar[bool] = False
    """Whether trying again later can help."""

    def __init__(self, **fields: object) -> None:
        self.detail = " ".join((type(self).__doc__ or "").split()).format(**fields)
        super().__init__(self.detail)


class AddressRefused(DeliveryError):
    """The host {host} has the address {address}, which is not a public one; an administrator may allow that."""

    code = "address_refused"


class NameNotResolved(DeliveryError):
    """The host {host} has no address: its name is not known."""

    code, retry = "name_not_resolved", True


class Unreachable(DeliveryError):
    """The host {host} does not take connections on port {port}."""

    code, retry = "unreachable", True


class CertificateRefused(DeliveryError):
    """The certificate of {host} is not trusted: {reason}."""

    code = "certificate_refused"


class EncryptionMissing(DeliveryError):
    """The mail server {host} does not offer encryption (STARTTLS), and nothing is sent without."""

    code = "encryption_missing"


class NoAnswer(DeliveryError):
    """{host} did not answer in time."""

    code, retry = "no_answer", True


class Redirected(DeliveryError):
    """{host} answered with a redirect (status {status}), and redirects are not followed."""

    code = "redirected"


class Refused(DeliveryError):
    """{host} refused the notification (status {status})."""

    code = "refused"


class NotNow(DeliveryError):
    """{host} can't take the notification now (status {status})."""

    code, retry = "not_now", True


class LoginRefused(DeliveryError):
    """The mail server {host} refused the user name or password."""

    code = "login_refused"


class ServiceRefused(DeliveryError):
    """The service {service} did not take the notification."""

    code, retry = "service_refused", True


class SecretsUnreadable(DeliveryError):
    """The secrets of this channel can't be opened; enter them again."""

    code = "secrets_unreadable"


class SendingFailed(DeliveryError):
    """Something went wrong on our side while sending; the log has the details."""

    code, retry = "sending_failed", True


CHANNEL_OFF = ("channel_off", "The channel is switched off.")
CHANNEL_REMOVED = ("channel_removed", "The channel was deleted before this could be sent.")
BELOW_SEVERITY = ("below_severity", "The channel only takes notifications that are more severe.")
TOO_MANY = (
    "too_many",
    "The channel had as many notifications in this minute as it takes; the next one says so.",
)
