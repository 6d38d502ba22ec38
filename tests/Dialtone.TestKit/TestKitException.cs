namespace Dialtone;

/// <summary>Fails a test: the message says what was found, <see cref="Reason"/> of which kind it is.</summary>
public sealed class TestKitException : Exception
{
    /// <summary>Makes the exception.</summary>
    public TestKitException(TestKitError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>What kind of thing went wrong.</summary>
    public TestKitError Reason { get; }
}
