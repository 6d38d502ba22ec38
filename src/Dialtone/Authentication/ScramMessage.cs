using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>The grammar of RFC 5802 §7, strictly: attributes in their order, nothing skipped, nothing guessed.</summary>
internal static class ScramMessage
{
    /// <summary>Longest message either side reads, in bytes: the bound for everything before a login.</summary>
    internal const int MaxBytes = 4096;

    private const int MinNonce = 16;
    private const int MaxNonce = 256;

    /// <summary>18 random bytes as 24 characters: above the 128 bits that make a repeat impossible, without padding.</summary>
    internal static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    // client-first-message = gs2-cbind-flag "," ["a=" saslname] "," bare;  bare = "n=" saslname ",r=" c-nonce ["," extensions]
    internal static bool TryClientFirst(ReadOnlySpan<byte> message, out ScramClientFirst first)
    {
        first = default;
        if (!TryText(message, out string text))
            return false;
        int flagEnd = text.IndexOf(',', StringComparison.Ordinal);
        int headerEnd = flagEnd < 0 ? -1 : text.IndexOf(',', flagEnd + 1);
        if (headerEnd < 0)
            return false;
        string flag = text[..flagEnd];
        string authorization = text[(flagEnd + 1)..headerEnd];
        string bare = text[(headerEnd + 1)..];
        string[] parts = bare.Split(',');
        if (!IsBindingFlag(flag) || parts.Length < 2 || !AreExtensions(parts.AsSpan(2)))
            return false;
        if (!TryValue(parts[0], 'n', out string saslName) || !TryUnescape(saslName, out string name))
            return false;
        if (!TryValue(parts[1], 'r', out string nonce) || nonce.Length is < MinNonce or > MaxNonce || !IsPrintable(nonce))
            return false;
        string? authorizationName = null;
        if (authorization.Length > 0
            && (!TryValue(authorization, 'a', out string saslAuthorization) || !TryUnescape(saslAuthorization, out authorizationName)))
            return false;
        first = new ScramClientFirst(flag, authorizationName, name, nonce, text[..(headerEnd + 1)], bare);
        return true;
    }

    // client-final-message = "c=" base64 ",r=" nonce ["," extensions] ",p=" base64
    internal static bool TryClientFinal(ReadOnlySpan<byte> message, out ScramClientFinal final)
    {
        final = default;
        if (!TryText(message, out string text))
            return false;
        int proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofAt < 0)
            return false;
        string withoutProof = text[..proofAt];
        string[] parts = withoutProof.Split(',');
        if (parts.Length < 2 || !AreExtensions(parts.AsSpan(2)))
            return false;
        if (!TryValue(parts[0], 'c', out string binding) || !TryBase64(binding, out byte[] channel))
            return false;
        if (!TryValue(parts[1], 'r', out string nonce) || !TryBase64(text[(proofAt + 3)..], out byte[] proof))
            return false;
        final = new ScramClientFinal(channel, nonce, proof, withoutProof);
        return proof.Length == ScramKeys.Size;
    }

    // server-first-message = "r=" c-nonce s-nonce ",s=" base64 ",i=" posit-number ["," extensions]
    internal static bool TryServerFirst(ReadOnlySpan<byte> message, out ScramServerFirst first)
    {
        first = default;
        if (!TryText(message, out string text))
            return false;
        string[] parts = text.Split(',');
        if (parts.Length < 3 || !AreExtensions(parts.AsSpan(3)))
            return false;
        if (!TryValue(parts[0], 'r', out string nonce) || !IsPrintable(nonce) || nonce.Length > 2 * MaxNonce)
            return false;
        if (!TryValue(parts[1], 's', out string salt64) || !TryBase64(salt64, out byte[] salt) || salt.Length == 0)
            return false;
        if (!TryValue(parts[2], 'i', out string count))
            return false;
        first = new ScramServerFirst(text, nonce, salt, Iterations(count));
        return true;
    }

    // server-final-message = ("e=" value / "v=" base64) ["," extensions]
    internal static bool TryServerFinal(ReadOnlySpan<byte> message, out byte[]? signature)
    {
        signature = null;
        if (!TryText(message, out string text))
            return false;
        string[] parts = text.Split(',');
        if (!AreExtensions(parts.AsSpan(1)))
            return false;
        if (TryValue(parts[0], 'e', out _))
            return true;
        return TryValue(parts[0], 'v', out string value) && TryBase64(value, out signature) && signature.Length == ScramKeys.Size;
    }

    internal static string Escape(string name) =>
        name.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal);

    // -1 stands for every number that is not a positive one an int can hold: outside any floor and ceiling.
    private static int Iterations(string text) =>
        text.Length is > 0 and <= 10 && text[0] is >= '1' and <= '9'
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : -1;

    private static bool TryText(ReadOnlySpan<byte> message, out string text)
    {
        text = "";
        return message.Length is > 0 and <= MaxBytes && !message.Contains((byte)0) && CredentialRules.TryDecode(message, out text);
    }

    private static bool TryValue(string part, char name, out string value)
    {
        bool found = part.Length >= 3 && part[0] == name && part[1] == '=';
        value = found ? part[2..] : "";
        return found;
    }

    private static bool IsBindingFlag(string flag) =>
        flag is "n" or "y" || (flag.StartsWith("p=", StringComparison.Ordinal) && flag.Length > 2);

    // An extension that must be understood ("m=") is not; any other may be passed over.
    private static bool AreExtensions(ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            if (part.Length < 3 || !char.IsAsciiLetter(part[0]) || part[1] != '=' || part[0] is 'm' or 'p')
                return false;
        }
        return true;
    }

    private static bool TryUnescape(string escaped, out string name)
    {
        name = "";
        var text = new StringBuilder(escaped.Length);
        for (int i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '=')
            {
                text.Append(escaped[i]);
                continue;
            }
            ReadOnlySpan<char> code = escaped.AsSpan(i + 1, Math.Min(2, escaped.Length - i - 1));
            if (code is not ("2C" or "3D"))
                return false;
            text.Append(code is "2C" ? ',' : '=');
            i += 2;
        }
        name = text.ToString();
        return true;
    }

    private static bool IsPrintable(string nonce) => !nonce.AsSpan().ContainsAnyExceptInRange('!', '~');

    // The framework's decoder passes over white space and stray last bits; the grammar has one spelling for each value.
    private static bool TryBase64(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int count))
            return false;
        Array.Resize(ref bytes, count);
        return Convert.ToBase64String(bytes) == text;
    }
}

internal readonly record struct ScramClientFirst(
    string BindingFlag, string? Authorization, string Name, string Nonce, string Header, string Bare);

internal readonly record struct ScramClientFinal(byte[] Channel, string Nonce, byte[] Proof, string WithoutProof);

internal readonly record struct ScramServerFirst(string Text, string Nonce, byte[] Salt, int Iterations);
