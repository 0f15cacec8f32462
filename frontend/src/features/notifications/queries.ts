import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { everyRow, pagedQuery } from '@/api/paging'
import type {
  Channel,
  ChannelChange,
  NewChannel,
  Notification,
  NotificationsRead,
  SentDelivery,
} from '@/api/types'
import { type NotificationFilter, notificationQueryOf } from './filter'

const FRESH = 30_000 // ms; how late a notification may be seen by who looks at something else

export function useNotifications(filter: NotificationFilter) {
  return useInfiniteQuery({
    ...pagedQuery<Notification>(keys.notificationList(filter), (page, signal) =>
      answer(
        api.GET('/api/v3/notifications', {
          params: { query: { ...notificationQueryOf(filter), ...page } },
          signal,
        }),
      ),
    ),
    placeholderData: keepPreviousData,
    refetchInterval: FRESH,
  })
}

/** How many notifications nobody but the server counts: one row is asked for, for its total. */
export function useUnread(allowed: boolean): number {
  const { data } = useQuery({
    queryKey: keys.unread,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/notifications', { params: { query: { unread: true, limit: 1 } }, signal })),
    select: ({ total }) => total,
    refetchInterval: FRESH,
    enabled: allowed,
  })
  return data ?? 0
}

export function useMarkRead() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: NotificationsRead) => answer(api.POST('/api/v3/notifications/read', { body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.notifications }),
  })
}

/** All channels: there are tens of them. */
export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: ({ signal }) =>
    everyRow<Channel>((query) =>
      answer(api.GET('/api/v3/notification-channels', { params: { query }, signal })),
    ),
})

export function useChannels() {
  return useQuery(channelsQuery)
}

export function useChannel(id: string) {
  return useQuery({
    queryKey: keys.channel(id),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/notification-channels/{channel_id}', {
          params: { path: { channel_id: id } },
          signal,
        }),
      ),
  })
}

export function useDeliveries(id: string) {
  return useInfiniteQuery(
    pagedQuery<SentDelivery>(keys.deliveries(id), (query, signal) =>
      answer(
        api.GET('/api/v3/notification-channels/{channel_id}/deliveries', {
          params: { path: { channel_id: id }, query },
          signal,
        }),
      ),
    ),
  )
}

export function useAddChannel() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: NewChannel) => answer(api.POST('/api/v3/notification-channels', { body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.channels }),
  })
}

export function useChangeChannel(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: ChannelChange) =>
      answer(
        api.PATCH('/api/v3/notification-channels/{channel_id}', {
          params: { path: { channel_id: id } },
          body,
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.channels }),
  })
}

export function useDeleteChannel() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answer(
        api.DELETE('/api/v3/notification-channels/{channel_id}', { params: { path: { channel_id: id } } }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.channels }),
  })
}

export function useTestChannel(id: string) {
  return useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v3/notification-channels/{channel_id}/test', { params: { path: { channel_id: id } } }),
      ),
  })
}
