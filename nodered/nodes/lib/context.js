/** Where in a flow something is asked for, as OpsConductor records it. */
'use strict'

/**
 * @param {Pick<import('./define-node').Work<any>, 'node' | 'msg' | 'bridge'>} place
 * @param {string} name of the node
 */
function contextOf ({ node, bridge, msg }, name) {
  return {
    node_red_flow_id: node.z ?? '',
    node_id: node.id,
    node_name: name.slice(0, 255) || null,
    run_id: bridge.run.id,
    msg_id: String(msg._msgid ?? '').slice(0, 255) || null
  }
}

module.exports = { contextOf }
