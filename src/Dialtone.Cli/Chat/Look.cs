namespace Dialtone.Cli;

/// <summary>How text looks on the terminal. Colour never says what the text does not.</summary>
internal enum Look
{
    Plain,
    Strong,
    Faint,
    Bar,
    Good,
    Bad,
}

/// <summary>The sequences of ECMA-48 8.3.117 (SGR).</summary>
internal static class Looks
{
    public const string End = "\e[0m";

    public static string Begin(Look look) => look switch
    {
        Look.Strong => "\e[1m",
        Look.Faint => "\e[2m",
        Look.Bar => "\e[7m",
        Look.Good => "\e[32m",
        Look.Bad => "\e[31m",
        _ => "",
    };
}
