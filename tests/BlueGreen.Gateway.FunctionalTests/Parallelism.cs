// Much of the time of a test is waiting for a probe, a drain or a process to end: on two cores three at a time keep them busy.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
