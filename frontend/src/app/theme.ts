/** The one theme: every colour, face and distance of the app comes from here. */
import {
  ActionIcon,
  Alert,
  Button,
  type CSSVariablesResolver,
  createTheme,
  InputWrapper,
  type MantineColorsTuple,
  Menu,
  Modal,
  Paper,
  Tooltip,
} from '@mantine/core'
import type { Tone } from '@/lib/status'

const brand: MantineColorsTuple = [
  '#effcf9',
  '#cdf7ee',
  '#9cebdd',
  '#62d8c8',
  '#31bdae',
  '#17a095',
  '#0e867d',
  '#0f766e',
  '#115e59',
  '#134e4a',
]

const gray: MantineColorsTuple = [
  '#f7f8f8',
  '#f0f2f2',
  '#e3e6e7',
  '#d2d7d9',
  '#a9b1b5',
  '#7f898e',
  '#5b656b',
  '#434c52',
  '#2a3237',
  '#171d21',
]

// 0 is the text, 7 the page, 6 what lies on it, 4 and 5 the lines.
const dark: MantineColorsTuple = [
  '#dfe4e6',
  '#b9c2c6',
  '#949fa5',
  '#6c777d',
  '#3b454b',
  '#2c353a',
  '#1d2428',
  '#14191c',
  '#0f1315',
  '#0a0d0e',
]

export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: 7,
  colors: { brand, gray, dark },
  black: gray[9],
  fontFamily:
    "'Inter Variable', Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'JetBrains Mono', 'Cascadia Mono', SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.5', lg: '1.5', xl: '1.5' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'md',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.75rem' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.5rem' },
      h3: { fontSize: '0.875rem', lineHeight: '1.25rem' },
    },
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray' } }),
    Alert: Alert.extend({ defaultProps: { variant: 'light' } }),
    InputWrapper: InputWrapper.extend({
      defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] },
    }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', position: 'bottom-end' } }),
    Modal: Modal.extend({ defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 } } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
  },
})

/** What a tone looks like: text, quiet ground, and the full colour of bars and dots. */
type Colours = { text: string; ground: string; solid: string }

const lightTones: Record<Tone, Colours> = {
  neutral: { text: '#4c565c', ground: '#eef0f1', solid: '#a9b1b5' },
  info: { text: '#1d4fbb', ground: '#e9f0fe', solid: '#4a7de8' },
  success: { text: '#12693a', ground: '#e5f5eb', solid: '#2f9e5f' },
  warning: { text: '#8a4b08', ground: '#fdf1dc', solid: '#dc8a1a' },
  danger: { text: '#b01e1e', ground: '#fdebea', solid: '#d63b3b' },
}

const darkTones: Record<Tone, Colours> = {
  neutral: { text: '#b9c2c6', ground: '#2a3236', solid: '#6c777d' },
  info: { text: '#a3c2ff', ground: '#1b2b4a', solid: '#5a8bf0' },
  success: { text: '#84dca6', ground: '#14321f', solid: '#37a866' },
  warning: { text: '#f6c66f', ground: '#3a2a0f', solid: '#d99026' },
  danger: { text: '#ffaaa4', ground: '#431d1d', solid: '#e05252' },
}

/** Terminal colours, readable on the ground of an output panel: black, red, green, yellow, blue, magenta, cyan, white. */
const lightTerminal = ['#171d21', '#b01e1e', '#12693a', '#80560a', '#1d4fbb', '#86309a', '#0b6b73', '#4c565c']
const darkTerminal = ['#949fa5', '#ff9d97', '#84dca6', '#f0cd7a', '#a3c2ff', '#e2a6f2', '#7fdbe2', '#f0f2f2']

function toneVariables(tones: Record<Tone, Colours>): Record<string, string> {
  const entries = Object.entries(tones).flatMap(([tone, colours]) =>
    Object.entries(colours).map(([part, value]) => [`--oc-${tone}-${part}`, value]),
  )
  return Object.fromEntries(entries)
}

function terminalVariables(colours: string[]): Record<string, string> {
  return Object.fromEntries(colours.map((value, index) => [`--oc-ansi-${index}`, value]))
}

export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--oc-header-height': '48px', '--oc-nav-width': '216px', '--oc-rail-width': '56px' },
  light: {
    ...toneVariables(lightTones),
    ...terminalVariables(lightTerminal),
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': gray[9],
    '--mantine-color-dimmed': gray[6],
    '--mantine-color-anchor': brand[7],
    '--mantine-color-placeholder': '#6b757b',
    '--mantine-color-error': '#b01e1e',
    '--oc-page': '#fbfcfc',
    '--oc-surface': '#ffffff',
    '--oc-sunken': gray[0],
    '--oc-line': gray[2],
    '--oc-line-strong': gray[3],
    '--oc-hover': '#f2f5f5',
    '--oc-selected': '#e6f6f3',
    '--oc-accent': brand[7],
  },
  dark: {
    ...toneVariables(darkTones),
    ...terminalVariables(darkTerminal),
    '--mantine-color-body': dark[6],
    '--mantine-color-text': dark[0],
    '--mantine-color-dimmed': dark[2],
    '--mantine-color-anchor': brand[3],
    '--mantine-color-placeholder': '#87929a',
    '--mantine-color-error': '#ffaaa4',
    '--oc-page': dark[7],
    '--oc-surface': '#192023',
    '--oc-sunken': dark[8],
    '--oc-line': dark[5],
    '--oc-line-strong': dark[4],
    '--oc-hover': '#20282c',
    '--oc-selected': '#14332f',
    '--oc-accent': brand[3],
  },
})
