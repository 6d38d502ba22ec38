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

    /// <summary>Bytes: a number alone, or with K, M, G or T (also KB, KiB and so on), each 1024 times the one before; 1.5G is fine.</summary>
    public static long Size(string text)
    {
        string unit = text.AsSpan().TrimStart("0123456789.").ToString();
        string number = text[..^unit.Length];
        int power = unit.TrimStart().ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 1,
            "M" or "MB" or "MIB" => 2,
            "G" or "GB" or "GIB" => 3,
            "T" or "TB" or "TIB" => 4,
            _ => -1,
        };
        const NumberStyles Style = NumberStyles.AllowDecimalPoint;
        if (power >= 0 && decimal.TryParse(number, Style, CultureInfo.InvariantCulture, out decimal count) && count < 1L << 53)
        {
            for (int i = 0; i < power; i++)
                count *= 1024;
            if (count >= 1 && count <= 1L << 60)
                return (long)count;
        }

        throw new FormatException($"'{text}' is not a size above 0; write 500K, 10M, 2G or 1.5T (powers of 1024), or bytes.");
    }

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
