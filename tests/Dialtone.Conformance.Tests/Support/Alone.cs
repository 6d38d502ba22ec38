namespace Dialtone.Conformance.Tests;

/// <summary>Tests that look at the whole process: its descriptors, threads, allocations, meters. Nothing else runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone in the process";
}
