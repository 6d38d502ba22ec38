using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Objects in JSON on standard output, a line each.</summary>
internal static class JsonLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="fields">Writes what is in the object.</param>
    /// <param name="flushes">Whether it is sent at once.</param>
    public static void Write(Action<Utf8JsonWriter> fields, bool flushes = true)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        Terminal.Out.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
        if (flushes)
            Terminal.Flush();
    }

    public static void WriteEntry(Utf8JsonWriter json, string path, RemoteEntry entry)
    {
        json.WriteString("path"u8, path);
        json.WriteString("type"u8, KindName(entry.Kind));
        json.WriteNumber("size"u8, entry.Size);
        json.WriteString("mtime"u8, entry.Modified.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteString("mode"u8, Convert.ToString((int)entry.Mode, 8));
    }

    public static string KindName(FileKind kind) => kind switch
    {
        FileKind.File => "file",
        FileKind.Folder => "folder",
        FileKind.Link => "link",
        _ => "other",
    };
}
