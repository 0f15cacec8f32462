/** A flow as its author drew it: nodes with their names, and wires. To look at, not to edit. */
import { useTranslation } from 'react-i18next'
import type { FlowNode } from '@/api/types'
import { HEIGHT, type Mark, pictureOf } from './picture'
import classes from './picture.module.css'

interface FlowPictureProps {
  flowId: string
  nodes: FlowNode[]
  /** What became of some nodes, by id. */
  marks?: Record<string, Mark>
}

export function FlowPicture({ flowId, nodes, marks = {} }: FlowPictureProps) {
  const { t } = useTranslation()
  const { boxes, wires, width, height } = pictureOf(flowId, nodes)
  if (boxes.length === 0) return null
  return (
    <div className={classes.frame}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={t('workflows.picture', { count: boxes.length })}
      >
        {wires.map((path) => (
          <path key={path} d={path} className={classes.wire} />
        ))}
        {boxes.map(({ id, x, y, width: wide, text, type }) => (
          <g key={id} transform={`translate(${x} ${y})`} className={classes.node} data-mark={marks[id]}>
            <title>{type}</title>
            <rect width={wide} height={HEIGHT} rx={5} />
            <text x={wide / 2} y={HEIGHT / 2} dominantBaseline="central" textAnchor="middle">
              {text}
            </text>
          </g>
        ))}
      </svg>
    </div>
  )
}
