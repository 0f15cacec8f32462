import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import i18next from 'i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { NewTemplate, Template, TemplateChange, TemplateRow, TemplateVersion } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { saveDocument } from '@/features/workflows/document'
import type { TemplateFilter } from './filter'

function at(id: string) {
  return { params: { path: { template_id: id } } }
}

export function useTemplateList(filter: TemplateFilter) {
  return useInfiniteQuery({
    ...pagedQuery<TemplateRow>(keys.templateList(filter), (page, signal) =>
      answer(api.GET('/api/v3/workflow-templates', { params: { query: { ...filter, ...page } }, signal })),
    ),
    placeholderData: keepPreviousData,
  })
}

/** The categories there are, with the number of templates in each. */
export function useCategories() {
  return useQuery({
    queryKey: keys.templateCategories,
    queryFn: ({ signal }) => answer(api.GET('/api/v3/workflow-templates/categories', { signal })),
    select: ({ categories }) => categories,
  })
}

export function templateQuery(id: string) {
  return queryOptions({
    queryKey: keys.template(id),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/workflow-templates/{template_id}', { ...at(id), signal })),
  })
}

export function useTemplate(id: string) {
  return useQuery(templateQuery(id))
}

export function useTemplateVersions(id: string) {
  return useInfiniteQuery(
    pagedQuery<TemplateVersion>(keys.templateVersions(id), (query, signal) =>
      answer(
        api.GET('/api/v3/workflow-templates/{template_id}/versions', {
          params: { path: { template_id: id }, query },
          signal,
        }),
      ),
    ),
  )
}

function useTemplateDeed<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.templates }),
  })
}

export function useAddTemplate() {
  return useTemplateDeed((body: NewTemplate) => answer(api.POST('/api/v3/workflow-templates', { body })))
}

export function useChangeTemplate(id: string) {
  return useTemplateDeed((body: TemplateChange) =>
    answer(api.PATCH('/api/v3/workflow-templates/{template_id}', { ...at(id), body })),
  )
}

export function useDeleteTemplate() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answer(api.DELETE('/api/v3/workflow-templates/{template_id}', at(id))),
    onSuccess: (_, id) => {
      queryClient.removeQueries({ queryKey: keys.template(id) })
      return queryClient.invalidateQueries({ queryKey: keys.templates })
    },
  })
}

/** Gives stars, or takes them back where there are none. */
export function useRate(id: string) {
  const queryClient = useQueryClient()
  const path = '/api/v3/workflow-templates/{template_id}/rating'
  return useMutation({
    mutationFn: (stars: number | null): Promise<Template> =>
      stars === null
        ? answer(api.DELETE(path, at(id)))
        : answer(api.PUT(path, { ...at(id), body: { stars } })),
    onSuccess: (rated) => {
      queryClient.setQueryData(keys.template(id), rated)
      return queryClient.invalidateQueries({ queryKey: keys.templates })
    },
  })
}

export function useUseTemplate(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v3/workflow-templates/{template_id}/use', { ...at(id), body: {} })),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.templates }),
        queryClient.invalidateQueries({ queryKey: keys.workflows }),
      ]),
  })
}

/** Saves a template as a file. */
export function useDownloadTemplate({ id, name }: Template) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/v3/workflow-templates/{template_id}/download', at(id))),
    onSuccess: (document) => {
      saveDocument(document)
      return queryClient.invalidateQueries({ queryKey: keys.templates })
    },
    onError: (error) => tellFailed(i18next.t('templates.downloadFailed', { name }), error),
  })
}
