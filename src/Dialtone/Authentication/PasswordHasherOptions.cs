namespace Dialtone;

/// <summary>How much of the machine logins may take.</summary>
public sealed record PasswordHasherOptions
{
    /// <summary>Passwords hashed at the same time. Default one less than the processors, at least 1.</summary>
    public int Slots { get; init => field = AtLeast(value, 1); } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Logins that may wait for a slot; those beyond are turned away at once. Default 16. At least 0.</summary>
    public int Queue { get; init => field = AtLeast(value, 0); } = 16;

    /// <summary>The longest a login waits for a slot. Default 5 s. Longer than zero.</summary>
    public TimeSpan Wait { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(5);

    /// <summary>PBKDF2 iterations of new verifiers, and of the hashing done for accounts that do not exist.
    /// Default <see cref="ScramVerifier.DefaultIterations"/>; <see cref="ScramVerifier.MinIterations"/> to <see cref="ScramVerifier.MaxIterations"/>.</summary>
    public int Iterations { get; init => field = Require.InRange(value, ScramVerifier.MinIterations, ScramVerifier.MaxIterations); } = ScramVerifier.DefaultIterations;

    private static int AtLeast(int value, int least)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least);
        return value;
    }
}
