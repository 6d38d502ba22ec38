using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Commands;

/// <summary>What stands in front of a reply under <see cref="TutorialFraming.Json"/>.</summary>
/// <param name="DataSize">Bytes of the reply.</param>
public sealed record TutorialHeader([property: JsonPropertyName("data_size")] long DataSize) : IJsonHeader<TutorialHeader>
{
    /// <inheritdoc/>
    public static JsonTypeInfo<TutorialHeader> TypeInfo => TutorialJson.Default.TutorialHeader;

    long IJsonHeader<TutorialHeader>.BodyLength => DataSize;
}

[JsonSerializable(typeof(TutorialHeader))]
internal sealed partial class TutorialJson : JsonSerializerContext;
