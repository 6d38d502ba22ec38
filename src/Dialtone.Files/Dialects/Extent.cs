namespace Dialtone.Files;

/// <summary>Looks how much of a message stands at the start of some bytes, which are not empty and begin with no white space.</summary>
internal delegate Extent Grammar(ReadOnlySpan<byte> bytes);

/// <summary>How certain the end of a message is that nothing ends.</summary>
internal enum Certainty
{
    /// <summary>No message begins so.</summary>
    Foreign,

    /// <summary>More must come: not even its first word is there.</summary>
    Part,

    /// <summary>It lacks something, or nobody waits for an answer to it: whole once the peer has paused for long.</summary>
    Patient,

    /// <summary>It may be whole: it is once the peer pauses.</summary>
    Open,

    /// <summary>Its end is certain.</summary>
    Whole,
}

/// <summary>What a <see cref="Grammar"/> found.</summary>
/// <param name="Certainty">How certain the end is.</param>
/// <param name="Length">The message's bytes, if it is whole.</param>
internal readonly record struct Extent(Certainty Certainty, int Length = 0)
{
    public static Extent Foreign => new(Certainty.Foreign);

    public static Extent Part => new(Certainty.Part);

    public static Extent Patient => new(Certainty.Patient);

    public static Extent Open => new(Certainty.Open);

    public static Extent WholeAt(int length) => new(Certainty.Whole, length);
}
