/** The button under a list that is not whole yet. */
import { Button, type ButtonProps } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface MoreButtonProps extends Omit<ButtonProps, 'loading' | 'variant'> {
  onMore: () => void
  loadingMore: boolean | undefined
}

export function MoreButton({ onMore, loadingMore, ...looks }: MoreButtonProps) {
  const { t } = useTranslation()
  return (
    <Button variant="default" loading={loadingMore} onClick={onMore} {...looks}>
      {t('list.more')}
    </Button>
  )
}
