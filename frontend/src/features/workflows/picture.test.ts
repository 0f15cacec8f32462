import { expect, test } from 'vitest'
import { pictureOf } from './picture'

const nodes = [
  { id: 'f', type: 'tab', label: 'Flow' },
  { id: 'a', type: 'inject', z: 'f', x: 500, y: 300, wires: [['b', 'gone']] },
  { id: 'b', type: 'debug', z: 'f', x: 800, y: 300, wires: [] },
  { id: 'other', type: 'debug', z: 'elsewhere', x: 0, y: 0 },
  { id: 'config', type: 'mqtt-broker' },
]

test('only what lies in the tab is drawn, from the corner on', () => {
  const { boxes, wires, width, height } = pictureOf('f', nodes)

  expect(boxes.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(Math.min(...boxes.map(({ x }) => x))).toBe(24)
  expect(wires).toHaveLength(1)
  expect(width).toBeGreaterThan(300)
  expect(height).toBe(30 + 2 * 24)
})

test('a tab without nodes has no picture, and no size of a negative kind', () => {
  const { boxes, width, height } = pictureOf('f', nodes.slice(0, 1))

  expect(boxes).toEqual([])
  expect([width, height]).toEqual([24, 24])
})

test('wires that are no lists are left out', () => {
  const { wires } = pictureOf('f', [{ id: 'a', type: 'x', z: 'f', x: 1, y: 1, wires: 'b' }])

  expect(wires).toEqual([])
})
