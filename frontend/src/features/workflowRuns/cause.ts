import { useTranslation } from 'react-i18next'
import type { WorkflowRun } from '@/api/types'

/** Says what started a run: who pressed the button, which request came, or which node began by itself. */
export function useCauseText(): (run: WorkflowRun) => string {
  const { t } = useTranslation()
  return ({ cause, cause_detail, started_by, node_name, node_type }) => {
    if (cause === 'inject') return started_by ?? t('workflowRuns.somebody')
    if (cause === 'http') return cause_detail
    return node_name ? `${node_name} (${node_type})` : node_type
  }
}
