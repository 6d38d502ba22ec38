using System.Text.Json.Serialization.Metadata;

namespace Dialtone;

/// <summary>A header that knows its own JSON form and how long the body behind it is.</summary>
/// <typeparam name="TSelf">The header's own type.</typeparam>
/// <example>
/// <code>
/// public sealed record PutHeader(string FileName, long FileSize) : IJsonHeader&lt;PutHeader&gt;
/// {
///     public static JsonTypeInfo&lt;PutHeader&gt; TypeInfo => Headers.Default.PutHeader;
///     long IJsonHeader&lt;PutHeader&gt;.BodyLength => FileSize;
/// }
///
/// [JsonSerializable(typeof(PutHeader))]
/// public partial class Headers : JsonSerializerContext;
/// </code>
/// </example>
public interface IJsonHeader<TSelf>
    where TSelf : IJsonHeader<TSelf>
{
    /// <summary>The generated description of the JSON form.</summary>
    static abstract JsonTypeInfo<TSelf> TypeInfo { get; }

    /// <summary>
    /// Bytes of the body that follows; 0 for none. A negative length is refused. Implement it explicitly, or it becomes
    /// a field of the JSON.
    /// </summary>
    long BodyLength { get; }
}
