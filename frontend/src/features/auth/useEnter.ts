import { useRouter } from '@tanstack/react-router'

/** Only paths of this origin: `//host` and `\` are read as another one by browsers. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])[^\\]*$/.test(next) ? next : '/'
}

/** Goes where somebody was heading before they had to sign in. What is not ours (the editor) is loaded, not routed to. */
export function useEnter(): (next?: string) => Promise<void> {
  const router = useRouter()
  return async (next) => {
    const path = safeNext(next)
    if (path.startsWith('/nodered')) await router.navigate({ to: '/workflows', replace: true })
    else router.history.replace(path)
    await router.invalidate()
  }
}
