using System.Runtime.CompilerServices;

namespace Dialtone.Commands;

/// <summary>Checks for option setters: the value, or an exception that names the option.</summary>
internal static class Check
{
    public static TimeSpan? Positive(TimeSpan? value, [CallerMemberName] string? option = null) => value is null || value > TimeSpan.Zero
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be longer than zero.");

    public static long? Positive(long? value, [CallerMemberName] string? option = null) => value is null or >= 1
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be at least 1.");

    public static int InRange(int value, int least, int most = int.MaxValue, [CallerMemberName] string? option = null) => value >= least && value <= most
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be {least} to {most}.");
}
