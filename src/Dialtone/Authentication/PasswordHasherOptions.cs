namespace Dialtone;

/// <summary>How much of the machine logins may take.</summary>
public sealed record PasswordHasherOptions
{
    /// <summary>Passwords hashed at the same time. Default one less than the processors, at least 1.</summary>
    public int Slots { get; init => field = AtLeast(value, 1); } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Logins that may wait for a slot; those beyond are turned away at once. Default 16. At least 0.</summary>
    public int Queue { get; init => field = AtLeast(value, 0); } = 16;

    /// <summary>The longest a login waits for a slot. Default 5 s.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>PBKDF2 iterations of new verifiers, and of the hashing done for accounts that do not exist.
    /// Default <see cref="ScramVerifier.DefaultIterations"/>.</summary>
    public int Iterations { get; init => field = AtLeast(value, ScramVerifier.MinIterations); } = ScramVerifier.DefaultIterations;

    private static int AtLeast(int value, int least)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least);
        return value;
    }
}
