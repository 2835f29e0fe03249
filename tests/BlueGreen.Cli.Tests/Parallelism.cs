// Most of these tests wait for a process, so twice as many as there are cores keep the cores busy.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
