using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>The tongues of remote commands by the names they have on the command line.</summary>
internal static class ExecFraming
{
    public const string Native = "native";

    public static string Check(string text) => text is Native or "raw" or "ack" or "int32" or "json"
        ? text
        : throw new FormatException($"'{text}' is not a framing; write native, raw, ack, int32 or json.");

    /// <summary>The tutorials' framing of that name; null for the native protocol.</summary>
    public static TutorialFraming? Tutorial(string? name) => name switch
    {
        "raw" => TutorialFraming.Raw,
        "ack" => TutorialFraming.Acknowledged,
        "int32" => TutorialFraming.Int32,
        "json" => TutorialFraming.Json,
        _ => null,
    };
}
