using System.Runtime.CompilerServices;

namespace Dialtone;

/// <summary>Checks for option setters: the value, or an exception that names the option.</summary>
internal static class Require
{
    /// <summary>What .NET's timers can be set to.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public static int Positive(int value, [CallerMemberName] string? option = null) => InRange(value, 1, int.MaxValue, option);

    public static int? Positive(int? value, [CallerMemberName] string? option = null) => value is { } given ? Positive(given, option) : null;

    public static TimeSpan Positive(TimeSpan value, [CallerMemberName] string? option = null) => value > TimeSpan.Zero
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be longer than zero; leave it out for no limit.");

    public static TimeSpan? Positive(TimeSpan? value, [CallerMemberName] string? option = null) => value is { } given ? Positive(given, option) : null;

    /// <summary>A time that a timer can be set to.</summary>
    public static TimeSpan TimerLength(TimeSpan value, [CallerMemberName] string? option = null) => Positive(value, option) <= LongestTimer
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be at most {LongestTimer.Days} days.");

    public static TimeSpan? KeepAlive(TimeSpan? value, [CallerMemberName] string? option = null) => value is not { TotalSeconds: < 1 or > 32_767 }
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be 1 to 32,767 seconds, or null.");

    public static long AtLeast(long value, long least, [CallerMemberName] string? option = null) => value >= least
        ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be at least {least}.");

    public static int InRange(int value, int least, int most, [CallerMemberName] string? option = null) => value >= least && value <= most
        ? value : throw new ArgumentOutOfRangeException(option, value, most == int.MaxValue ? $"{option} must be at least {least}." : $"{option} must be {least} to {most}.");
}
