import { useMediaQuery } from '@mantine/hooks'

/** True where a table has no room and rows become cards. */
export function useIsPhone(): boolean {
  return useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false })
}
