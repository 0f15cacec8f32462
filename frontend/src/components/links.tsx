/** Mantine's buttons and anchors as links of the router: they are real `<a>`, so a middle click opens a tab. */
import { Anchor, Button, Menu } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import { forwardRef } from 'react'

type Anchored<P> = Omit<P, 'component' | 'ref'> & { children?: React.ReactNode }

export const ButtonLink = createLink(
  forwardRef<HTMLAnchorElement, Anchored<React.ComponentProps<typeof Button<'a'>>>>((props, ref) => (
    <Button component="a" ref={ref} {...props} />
  )),
)

export const TextLink = createLink(
  forwardRef<HTMLAnchorElement, Anchored<React.ComponentProps<typeof Anchor<'a'>>>>((props, ref) => (
    <Anchor ref={ref} {...props} />
  )),
)

export const MenuLink = createLink(
  forwardRef<HTMLAnchorElement, Anchored<React.ComponentProps<typeof Menu.Item<'a'>>>>((props, ref) => (
    <Menu.Item component="a" ref={ref} {...props} />
  )),
)
