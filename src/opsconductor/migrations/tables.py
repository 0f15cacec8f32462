"""Every table of the product, for migrations and for the test that compares the two."""

import opsconductor.audit.models
import opsconductor.auth.models
import opsconductor.calendars.models
import opsconductor.credentials.models
import opsconductor.executions.models
import opsconductor.executions.retention_models
import opsconductor.files.models
import opsconductor.hooks.models
import opsconductor.kit.outbox
import opsconductor.notifications.models
import opsconductor.runs.models
import opsconductor.scripts.models
import opsconductor.targets.models
import opsconductor.templates.models
import opsconductor.workflows.models  # noqa: F401  # importing it is what registers the tables
from opsconductor.kit.database import Base

METADATA = Base.metadata
