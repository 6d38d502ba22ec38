using System.Globalization;

namespace Dialtone.Commands;

/// <summary>Signals by the names they have without SIG, as on every Linux of x86-64 and arm64.</summary>
internal static class Signals
{
    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    public static string NameOf(int signal) => signal > 0 && signal < Names.Length ? Names[signal] : signal.ToString(CultureInfo.InvariantCulture);

    public static bool TryParse(string? name, out int signal)
    {
        signal = name is null or "" ? -1 : Array.IndexOf(Names, name);
        return signal > 0 || int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out signal);
    }

    /// <summary>Whether a caller may send it: those that ask, and KILL.</summary>
    public static bool MayBeSent(int signal) => signal is Calls.SIGHUP or Calls.SIGINT or Calls.SIGQUIT or Calls.SIGKILL or Calls.SIGUSR1 or Calls.SIGUSR2
        or Calls.SIGTERM or Calls.SIGCONT or 19 or 20 or 28;
}
