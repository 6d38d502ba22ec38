namespace Dialtone;

/// <summary>What the test kit found wrong.</summary>
public enum TestKitError
{
    /// <summary>Something did not happen within its deadline.</summary>
    Deadline,

    /// <summary>Buffers were not returned.</summary>
    Leak,

    /// <summary>A buffer was returned twice.</summary>
    DoubleReturn,

    /// <summary>A buffer was touched after it was returned.</summary>
    UseAfterReturn,

    /// <summary>The foreign peer could not be started.</summary>
    PeerUnavailable,
}
