import type { FlowNode } from '@/api/types'

export type Mark = 'added' | 'removed' | 'changed' | 'moved'

export interface Box {
  id: string
  x: number
  y: number
  width: number
  text: string
  type: string
}

export const HEIGHT = 30 // px, as in the editor
const NARROWEST = 100
const PER_LETTER = 7
const LONGEST_TEXT = 32
const MARGIN = 24

/** Where the nodes of a tab lie, and the wires between them, in a picture that begins at its upper left corner. */
export function pictureOf(flowId: string, nodes: FlowNode[]) {
  const drawn = nodes.filter(
    (node) => node.z === flowId && typeof node.x === 'number' && typeof node.y === 'number',
  )
  const raw = drawn.map(boxOf)
  const left = Math.min(...raw.map(({ x }) => x)) - MARGIN
  const top = Math.min(...raw.map(({ y }) => y)) - MARGIN
  const boxes = raw.map((box) => ({ ...box, x: box.x - left, y: box.y - top }))
  const byId = new Map(boxes.map((box) => [box.id, box]))
  const wires = drawn.flatMap((node) =>
    outputsOf(node).flatMap((targets, output, all) =>
      targets.flatMap((id) => {
        const [from, to] = [byId.get(node.id), byId.get(id)]
        return from && to ? [wireBetween(from, to, (output + 1) / (all.length + 1))] : []
      }),
    ),
  )
  return {
    boxes,
    wires: [...new Set(wires)],
    width: Math.max(0, ...boxes.map(({ x, width }) => x + width)) + MARGIN,
    height: Math.max(0, ...boxes.map(({ y }) => y + HEIGHT)) + MARGIN,
  }
}

/** Node-RED says where the middle of a node is. */
function boxOf(node: FlowNode): Box {
  const name = String(node.name || node.label || node.type)
  const text = name.length > LONGEST_TEXT ? `${name.slice(0, LONGEST_TEXT - 1)}…` : name
  const width = Math.max(NARROWEST, text.length * PER_LETTER + 24)
  return {
    id: node.id,
    x: Number(node.x) - width / 2,
    y: Number(node.y) - HEIGHT / 2,
    width,
    text,
    type: node.type,
  }
}

function outputsOf(node: FlowNode): string[][] {
  return Array.isArray(node.wires) ? node.wires.filter(Array.isArray) : []
}

function wireBetween(from: Box, to: Box, share: number): string {
  const [x1, y1] = [from.x + from.width, from.y + HEIGHT * share]
  const [x2, y2] = [to.x, to.y + HEIGHT / 2]
  const bend = Math.max(30, Math.abs(x2 - x1) / 2)
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
}
