import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { everyRow } from '@/api/paging'
import type { Calendar, CalendarChange, NewCalendar } from '@/api/types'

export const DAYS_AHEAD = 28

/** All calendars: there are a few. */
export const calendarsQuery = queryOptions({
  queryKey: keys.calendars,
  queryFn: ({ signal }) =>
    everyRow<Calendar>((query) => answer(api.GET('/api/v3/calendars', { params: { query }, signal }))),
})

export function useCalendars() {
  return useQuery(calendarsQuery)
}

function at(id: string) {
  return { params: { path: { calendar_id: id } } }
}

export function useCalendar(id: string) {
  return useQuery({
    queryKey: keys.calendar(id),
    queryFn: ({ signal }) => answer(api.GET('/api/v3/calendars/{calendar_id}', { ...at(id), signal })),
  })
}

export function useUpcoming(id: string) {
  const params = { path: { calendar_id: id }, query: { days: DAYS_AHEAD } }
  return useQuery({
    queryKey: keys.upcoming(id, DAYS_AHEAD),
    queryFn: ({ signal }) => answer(api.GET('/api/v3/calendars/{calendar_id}/upcoming', { params, signal })),
  })
}

export function useWindowsOfTarget(id: string) {
  return useQuery({
    queryKey: keys.windowsOfTarget(id),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/targets/{target_id}/windows', { params: { path: { target_id: id } }, signal })),
  })
}

function useCalendarDeed<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.calendars }),
  })
}

export function useAddCalendar() {
  return useCalendarDeed((body: NewCalendar) => answer(api.POST('/api/v3/calendars', { body })))
}

export function useChangeCalendar(id: string) {
  return useCalendarDeed((body: CalendarChange) =>
    answer(api.PATCH('/api/v3/calendars/{calendar_id}', { ...at(id), body })),
  )
}

export function useDeleteCalendar() {
  return useCalendarDeed((id: string) => answer(api.DELETE('/api/v3/calendars/{calendar_id}', at(id))))
}
