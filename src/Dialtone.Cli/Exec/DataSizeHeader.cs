using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Cli;

/// <summary>What stands in front of a reply of the tutorials' JSON framing.</summary>
internal sealed record DataSizeHeader([property: JsonPropertyName("data_size")] long DataSize) : IJsonHeader<DataSizeHeader>
{
    public static JsonTypeInfo<DataSizeHeader> TypeInfo => DataSizeJson.Default.DataSizeHeader;

    long IJsonHeader<DataSizeHeader>.BodyLength => DataSize;
}

[JsonSerializable(typeof(DataSizeHeader))]
internal sealed partial class DataSizeJson : JsonSerializerContext;
