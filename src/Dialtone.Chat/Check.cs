using System.Runtime.CompilerServices;

namespace Dialtone.Chat;

/// <summary>Checks for option setters: the value, or an exception that names the option.</summary>
internal static class Check
{
    public static TimeSpan Positive(TimeSpan value, [CallerMemberName] string? option = null) => value > TimeSpan.Zero
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be longer than zero.");

    public static long AtLeast(long value, long least, [CallerMemberName] string? option = null) => value >= least
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be at least {least}.");

    public static int InRange(int value, int least, int most = int.MaxValue, [CallerMemberName] string? option = null) => value >= least && value <= most
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be {least} to {most}.");
}
