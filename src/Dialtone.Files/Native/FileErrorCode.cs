using System.Text.Json;

namespace Dialtone.Files;

/// <summary>The stable codes of <see cref="FileError"/> on the wire: its names in kebab-case.</summary>
internal static class FileErrorCode
{
    private static readonly JsonEncodedText[] Codes =
        [.. Enum.GetNames<FileError>().Select(static name => JsonEncodedText.Encode(JsonNamingPolicy.KebabCaseLower.ConvertName(name)))];

    private static readonly Dictionary<string, FileError> Errors =
        Enum.GetValues<FileError>().ToDictionary(static error => Codes[(int)error].Value, StringComparer.Ordinal);

    /// <summary>The code of a reason.</summary>
    public static JsonEncodedText Of(FileError error) => Codes[(int)error];

    /// <summary>The reason a code stands for; <see cref="FileError.Failed"/> for one that is newer than this side.</summary>
    public static FileError Parse(string code) => Errors.GetValueOrDefault(code, FileError.Failed);
}
