using System.Security.Cryptography;
using System.Text;

namespace Dialtone;

/// <summary>The client's side of one SCRAM-SHA-256 or SCRAM-SHA-256-PLUS login (RFC 5802, 7677): messages in, messages out, no I/O.</summary>
/// <remarks>For one conversation and one caller at a time. Answering the server's first message hashes the password,
/// which takes as long as the server's iterations ask for, within the bounds of <see cref="ScramClientOptions"/>.</remarks>
public sealed class ScramClient
{
    private readonly string _password;
    private readonly ScramClientOptions _options;
    private readonly string _nonce;
    private readonly string _header;
    private readonly string _bare;
    private Turn _turn = Turn.Start;
    private byte[]? _serverSignature;

    /// <summary>A login of this user with this password.</summary>
    /// <exception cref="ArgumentException">The name or password breaks <see cref="CredentialRules"/>.</exception>
    public ScramClient(string userName, string password, ScramClientOptions? options = null)
        : this(userName, password, options, ScramMessage.NewNonce())
    {
    }

    internal ScramClient(string userName, string password, ScramClientOptions? options, string nonce)
    {
        if (!CredentialRules.IsName(userName))
            throw new ArgumentException("This cannot be a user name.", nameof(userName));
        if (!CredentialRules.IsPassword(password))
            throw new ArgumentException("A password is 1 to 1024 bytes of UTF-8 without control characters.", nameof(password));
        _password = password;
        _options = options ?? new ScramClientOptions();
        _nonce = nonce;
        _header = (_options.ChannelBinding.IsEmpty, _options.ServerOffersChannelBinding) switch
        {
            (true, _) => "n,,",
            (false, false) => "y,,",
            (false, true) => ScramServer.BindingFlag + ",,",
        };
        _bare = $"n={ScramMessage.Escape(CredentialRules.Prepare(userName))},r={nonce}";
    }

    private enum Turn
    {
        Start,
        Challenge,
        Signature,
        Over,
    }

    /// <summary>The client's first message, UTF-8.</summary>
    /// <exception cref="InvalidOperationException">It was asked for before.</exception>
    public ReadOnlyMemory<byte> Start()
    {
        if (_turn != Turn.Start)
            throw new InvalidOperationException("A login starts once.");
        _turn = Turn.Challenge;
        return Encoding.UTF8.GetBytes(_header + _bare);
    }

    /// <summary>Takes the server's next message. <see cref="ScramStatus.Succeeded"/> means that both sides have proven themselves.</summary>
    public ScramStep Receive(ReadOnlySpan<byte> message)
    {
        ScramStep step = _turn switch
        {
            Turn.Challenge => ReceiveChallenge(message),
            Turn.Signature => ReceiveSignature(message),
            _ => ScramStep.Failed(ScramError.OutOfTurn),
        };
        _turn = step.Status == ScramStatus.Continue ? Turn.Signature : Turn.Over;
        return step;
    }

    private ScramStep ReceiveChallenge(ReadOnlySpan<byte> message)
    {
        if (message.StartsWith("e="u8))
            return ScramStep.Failed(ScramError.Refused);
        if (!ScramMessage.TryServerFirst(message, out ScramServerFirst first))
            return ScramStep.Failed(ScramError.Malformed);
        if (!first.Nonce.StartsWith(_nonce, StringComparison.Ordinal) || first.Nonce.Length == _nonce.Length)
            return ScramStep.Failed(ScramError.WrongNonce);
        if (first.Iterations < _options.MinIterations || first.Iterations > _options.MaxIterations)
            return ScramStep.Failed(ScramError.Iterations);

        byte[] channel = ScramKeys.ChannelInput(_header, _options.ChannelBinding);
        string withoutProof = $"c={Convert.ToBase64String(channel)},r={first.Nonce}";
        string authMessage = $"{_bare},{first.Text},{withoutProof}";
        byte[] salted = ScramKeys.SaltedPassword(_password, first.Salt, first.Iterations);
        byte[] proof = ScramKeys.ClientKey(salted);
        byte[] signature = ScramKeys.Sign(ScramKeys.StoredKey(proof), authMessage);
        ScramKeys.Xor(proof, signature);
        _serverSignature = ScramKeys.Sign(ScramKeys.ServerKey(salted), authMessage);
        CryptographicOperations.ZeroMemory(salted);
        return ScramStep.Continue($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    private ScramStep ReceiveSignature(ReadOnlySpan<byte> message)
    {
        if (!ScramMessage.TryServerFinal(message, out byte[]? signature))
            return ScramStep.Failed(ScramError.Malformed);
        if (signature is null)
            return ScramStep.Failed(ScramError.Refused);
        return CryptographicOperations.FixedTimeEquals(signature, _serverSignature)
            ? ScramStep.Succeeded()
            : ScramStep.Failed(ScramError.ServerNotProven);
    }
}
