using System.Globalization;

namespace Dialtone.Cli;

/// <summary>Numbers of bytes as people read them: 1 kB is 1,000.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>In at most 7 letters: <c>0 B</c>, <c>999 B</c>, <c>1.2 kB</c>, <c>123 MB</c>.</summary>
    public static string Format(double bytes)
    {
        int unit = 0;
        while (bytes >= (unit == 0 ? 1000 : 999.5) && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        string number = bytes.ToString(unit == 0 || bytes >= 99.95 ? "0" : "0.0", CultureInfo.InvariantCulture);
        return $"{number} {Units[unit]}";
    }
}
