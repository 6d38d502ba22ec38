namespace Dialtone.Commands;

/// <summary>Timers for times that may be longer than a timer can be: they ring early, and are set again.</summary>
internal static class Timers
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30); // a timer's own bound is a little beyond 49

    public static TimeSpan AtMostLongest(TimeSpan left) => left < Longest ? left : Longest;
}
