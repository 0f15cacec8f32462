export const overview = {
  title: 'Overview',
  targets: 'Targets',
  allTargets: 'All targets',
  recent: 'Recent executions',
  allExecutions: 'All executions',
  noRecent: 'Nothing has run yet.',
  first: 'Add the first target',
  firstHint:
    'A target is a machine that OpsConductor signs in to. Once there is one, commands and workflows can run on it.',
}
