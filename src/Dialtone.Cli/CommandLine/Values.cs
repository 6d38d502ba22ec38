using System.Globalization;

namespace Dialtone.Cli;

/// <summary>Reads the values of flags; what is none is told by a <see cref="FormatException"/> that says what one looks like.</summary>
internal static class Values
{
    public static bool Switch(string text) => true;

    public static string Text(string text) => text.Length > 0 ? text : throw new FormatException("the value is empty.");

    public static Address Address(string text) => Dialtone.Address.Parse(text);

    public static Func<string, int> Number(int least, int most = int.MaxValue) => text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw new FormatException($"'{text}' is not a whole number {Range(least, most)}.");

    /// <summary>Seconds, with a fraction if need be.</summary>
    public static TimeSpan Seconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e7
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"'{text}' is not a number of seconds above 0, such as 30 or 0.5.");

    /// <summary>Seconds, or 0 for not at all.</summary>
    public static TimeSpan SecondsOrZero(string text) => text == "0" ? TimeSpan.Zero : Seconds(text);

    public static Concurrency Concurrency(string text) => Dialtone.Concurrency.TryParse(text, out Concurrency? policy)
        ? policy
        : throw new FormatException(
            $"'{text}' is not a policy; write sequential, inline, task, thread[:MAX], pool:N[:QUEUE] or process[:MAX].");

    public static EngineKind Engine(string text) => text switch
    {
        "auto" => EngineKind.Auto,
        "sockets" => EngineKind.Sockets,
        "epoll" => EngineKind.Epoll,
        _ => throw new FormatException($"'{text}' is not an engine; write auto, sockets or epoll."),
    };

    public static HmacDigest Digest(string text) => HmacDigests.TryParse(text, out HmacDigest digest)
        ? digest
        : throw new FormatException($"'{text}' is not a digest; write md5, sha1, sha256 or sha512.");

    private static string Range(int least, int most) => most == int.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
}
