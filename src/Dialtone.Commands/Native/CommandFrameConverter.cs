using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Commands;

/// <summary>Reads and writes a frame's header field by field. Nothing is written for what is null, 0 or false.</summary>
/// <remarks>
/// By hand: the description of thirty fields that a generated serializer makes when it is first used took 40 ms of the 110 of a short command.
/// </remarks>
internal sealed class CommandFrameConverter : JsonConverter<CommandFrame>
{
    public override CommandFrame Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var frame = new CommandFrame();
        Begin(ref reader, JsonTokenType.StartObject);
        while (NextField(ref reader) is { } name)
        {
            switch (name)
            {
                case "type": frame.Type = reader.GetString() ?? ""; break;
                case "id": frame.Id = reader.GetInt32(); break;
                case "size": frame.Size = reader.GetInt32(); break;
                case "session": frame.Session = reader.GetString(); break;
                case "secret": frame.Secret = reader.GetString(); break;
                case "port": frame.Port = reader.GetInt32(); break;
                case "command": frame.Command = IsNull(reader) ? null : Words(ref reader); break;
                case "line": frame.Line = reader.GetString(); break;
                case "environment": frame.Environment = IsNull(reader) ? null : Environment(ref reader); break;
                case "folder": frame.Folder = reader.GetString(); break;
                case "timeLimit": frame.TimeLimit = IsNull(reader) ? null : reader.GetDouble(); break;
                case "outputLimit": frame.OutputLimit = IsNull(reader) ? null : reader.GetInt64(); break;
                case "terminal": frame.Terminal = IsNull(reader) ? null : Terminal(ref reader); break;
                case "keep": frame.Keep = reader.GetBoolean(); break;
                case "run": frame.RunId = reader.GetString(); break;
                case "rule": frame.Rule = reader.GetString(); break;
                case "allowed": frame.Allowed = reader.GetBoolean(); break;
                case "kept": frame.Kept = IsNull(reader) ? null : Kept(ref reader); break;
                case "code": frame.Code = reader.GetString(); break;
                case "message": frame.Message = reader.GetString(); break;
                case "end": frame.End = reader.GetBoolean(); break;
                case "stdin": frame.StdinCredit = reader.GetInt32(); break;
                case "stdout": frame.StdoutCredit = reader.GetInt32(); break;
                case "stderr": frame.StderrCredit = reader.GetInt32(); break;
                case "signal": frame.SignalName = reader.GetString(); break;
                case "reason": frame.Reason = reader.GetString(); break;
                case "status": frame.Status = IsNull(reader) ? null : reader.GetInt32(); break;
                case "output": frame.Output = IsNull(reader) ? null : Stream(ref reader); break;
                case "error": frame.Error = IsNull(reader) ? null : Stream(ref reader); break;
                case "seconds": frame.Seconds = IsNull(reader) ? null : reader.GetDouble(); break;
                case "cpuSeconds": frame.CpuSeconds = IsNull(reader) ? null : reader.GetDouble(); break;
                case "maxMemoryBytes": frame.MaxMemoryBytes = reader.GetInt64(); break;
                case "leftProcessesBehind": frame.LeftProcessesBehind = reader.GetBoolean(); break;
                default: reader.Skip(); break;
            }
        }

        return frame;
    }

    public override void Write(Utf8JsonWriter writer, CommandFrame value, JsonSerializerOptions options)
    {
        var fields = new Fields(writer);
        writer.WriteStartObject();
        fields.Write("type"u8, value.Type);
        fields.Write("id"u8, value.Id);
        fields.Write("size"u8, value.Size);
        fields.Write("session"u8, value.Session);
        fields.Write("secret"u8, value.Secret);
        fields.Write("port"u8, value.Port);
        if (value.Command is { } command)
        {
            writer.WriteStartArray("command"u8);
            foreach (string word in command)
                writer.WriteStringValue(word);
            writer.WriteEndArray();
        }

        fields.Write("line"u8, value.Line);
        if (value.Environment is { } environment)
        {
            writer.WriteStartObject("environment"u8);
            foreach ((string name, string text) in environment)
                writer.WriteString(name, text);
            writer.WriteEndObject();
        }

        fields.Write("folder"u8, value.Folder);
        fields.Write("timeLimit"u8, value.TimeLimit);
        fields.Write("outputLimit"u8, value.OutputLimit);
        if (value.Terminal is { } terminal)
        {
            writer.WriteStartObject("terminal"u8);
            fields.Write("columns"u8, terminal.Columns);
            fields.Write("rows"u8, terminal.Rows);
            fields.Write("type"u8, terminal.Type);
            writer.WriteEndObject();
        }

        fields.Write("keep"u8, value.Keep);
        fields.Write("run"u8, value.RunId);
        fields.Write("rule"u8, value.Rule);
        fields.Write("allowed"u8, value.Allowed);
        if (value.Kept is { } kept)
        {
            writer.WriteStartArray("kept"u8);
            foreach (KeptFrame run in kept)
                fields.Write(run);
            writer.WriteEndArray();
        }

        fields.Write("code"u8, value.Code);
        fields.Write("message"u8, value.Message);
        fields.Write("end"u8, value.End);
        fields.Write("stdin"u8, value.StdinCredit);
        fields.Write("stdout"u8, value.StdoutCredit);
        fields.Write("stderr"u8, value.StderrCredit);
        fields.Write("signal"u8, value.SignalName);
        fields.Write("reason"u8, value.Reason);
        fields.Write("status"u8, value.Status);
        fields.Write("output"u8, value.Output);
        fields.Write("error"u8, value.Error);
        fields.Write("seconds"u8, value.Seconds);
        fields.Write("cpuSeconds"u8, value.CpuSeconds);
        fields.Write("maxMemoryBytes"u8, value.MaxMemoryBytes);
        fields.Write("leftProcessesBehind"u8, value.LeftProcessesBehind);
        writer.WriteEndObject();
    }

    private static bool IsNull(in Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null;

    private static void Begin(ref Utf8JsonReader reader, JsonTokenType begin)
    {
        if (reader.TokenType != begin)
            throw new JsonException($"It is a {reader.TokenType}, and must be a {begin}.");
    }

    /// <summary>Goes on to the value of the object's next field, and names it; null at the object's end.</summary>
    private static string? NextField(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
            return null;
        string name = reader.GetString()!;
        reader.Read();
        return name;
    }

    /// <summary>Goes on to the array's next value; false at its end.</summary>
    private static bool NextValue(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType != JsonTokenType.EndArray;

    private static List<string> Words(ref Utf8JsonReader reader)
    {
        var words = new List<string>();
        Begin(ref reader, JsonTokenType.StartArray);
        while (NextValue(ref reader))
            words.Add(reader.GetString()!); // null is told apart with what else a request may lack
        return words;
    }

    private static Dictionary<string, string> Environment(ref Utf8JsonReader reader)
    {
        var environment = new Dictionary<string, string>();
        Begin(ref reader, JsonTokenType.StartObject);
        while (NextField(ref reader) is { } name)
            environment[name] = reader.GetString()!;
        return environment;
    }

    private static TerminalFrame Terminal(ref Utf8JsonReader reader)
    {
        int columns = 0, rows = 0;
        string? type = null;
        Begin(ref reader, JsonTokenType.StartObject);
        while (NextField(ref reader) is { } name)
        {
            switch (name)
            {
                case "columns": columns = reader.GetInt32(); break;
                case "rows": rows = reader.GetInt32(); break;
                case "type": type = reader.GetString(); break;
                default: reader.Skip(); break;
            }
        }

        return new TerminalFrame(columns, rows, type);
    }

    private static List<KeptFrame> Kept(ref Utf8JsonReader reader)
    {
        var kept = new List<KeptFrame>();
        Begin(ref reader, JsonTokenType.StartArray);
        while (NextValue(ref reader))
            kept.Add(KeptRun(ref reader));
        return kept;
    }

    private static KeptFrame KeptRun(ref Utf8JsonReader reader)
    {
        var run = new KeptFrame("", "", 0, 0, false, null, null, null);
        Begin(ref reader, JsonTokenType.StartObject);
        while (NextField(ref reader) is { } name)
        {
            switch (name)
            {
                case "run": run = run with { Run = reader.GetString() ?? "" }; break;
                case "command": run = run with { Command = reader.GetString() ?? "" }; break;
                case "age": run = run with { Age = reader.GetDouble() }; break;
                case "bytes": run = run with { Bytes = reader.GetInt64() }; break;
                case "attached": run = run with { Attached = reader.GetBoolean() }; break;
                case "reason": run = run with { Reason = reader.GetString() }; break;
                case "status": run = run with { Status = IsNull(reader) ? null : reader.GetInt32() }; break;
                case "signal": run = run with { Signal = reader.GetString() }; break;
                default: reader.Skip(); break;
            }
        }

        return run;
    }

    private static StreamFrame Stream(ref Utf8JsonReader reader)
    {
        long bytes = 0;
        string sum = "";
        Begin(ref reader, JsonTokenType.StartObject);
        while (NextField(ref reader) is { } name)
        {
            switch (name)
            {
                case "bytes": bytes = reader.GetInt64(); break;
                case "crc32c": sum = reader.GetString() ?? ""; break;
                default: reader.Skip(); break;
            }
        }

        return new StreamFrame(bytes, sum);
    }

    private readonly ref struct Fields(Utf8JsonWriter writer)
    {
        public void Write(ReadOnlySpan<byte> name, string? value)
        {
            if (value is not null)
                writer.WriteString(name, value);
        }

        public void Write(ReadOnlySpan<byte> name, long value)
        {
            if (value != 0)
                writer.WriteNumber(name, value);
        }

        // A 0 that is not null is written.
        public void Write(ReadOnlySpan<byte> name, long? value)
        {
            if (value is { } number)
                writer.WriteNumber(name, number);
        }

        public void Write(ReadOnlySpan<byte> name, double? value)
        {
            if (value is { } number)
                writer.WriteNumber(name, number);
        }

        public void Write(ReadOnlySpan<byte> name, bool value)
        {
            if (value)
                writer.WriteBoolean(name, value);
        }

        public void Write(ReadOnlySpan<byte> name, StreamFrame? value)
        {
            if (value is null)
                return;
            writer.WriteStartObject(name);
            Write("bytes"u8, value.Bytes);
            Write("crc32c"u8, value.Crc32c);
            writer.WriteEndObject();
        }

        public void Write(KeptFrame value)
        {
            writer.WriteStartObject();
            Write("run"u8, value.Run);
            Write("command"u8, value.Command);
            Write("age"u8, value.Age == 0 ? null : value.Age);
            Write("bytes"u8, value.Bytes);
            Write("attached"u8, value.Attached);
            Write("reason"u8, value.Reason);
            Write("status"u8, value.Status);
            Write("signal"u8, value.Signal);
            writer.WriteEndObject();
        }
    }
}
