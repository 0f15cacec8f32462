/** Modules without types of their own. */
declare module 'express'
declare module 'mustache'
declare module 'node-red'
declare module 'semver'
declare module 'node-red-node-test-helper'
declare module '@node-red/nodes/core/common/25-catch'
declare module '@node-red/util'
