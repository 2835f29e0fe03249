// Most of the time of a test is waiting for a probe, a drain or a process: five at a time keep two cores busy, and leave the tests that
// measure how fast something answers enough of them.
[assembly: CollectionBehavior(MaxParallelThreads = 5)]
