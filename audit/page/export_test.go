package page

const ManyPending = manyPending
