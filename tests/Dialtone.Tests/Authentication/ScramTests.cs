using System.Diagnostics;
using System.Text;

namespace Dialtone.Tests.Authentication;

public sealed class ScramTests
{
    private const int Iterations = 4096;
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];
    private static readonly byte[] Binding = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly ScramVerifier Pencil =
        ScramVerifier.Create("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="), Iterations);

    [Fact] // D14: the conversation in RFC 7677 §3
    public void The_example_of_RFC_7677_comes_out_on_both_sides()
    {
        var client = new ScramClient("user", "pencil", null, "rOprNGfwEbeRWgbNEkqO");
        var server = new ScramServer(Accounts(), default, false, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");

        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Text(client.Start()));
        ScramStep challenge = server.Receive("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8);
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Text(challenge.Reply));
        ScramStep proof = client.Receive(challenge.Reply.Span);
        Assert.Equal("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            Text(proof.Reply));
        ScramStep signature = server.Receive(proof.Reply.Span);
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Text(signature.Reply));
        Assert.Equal(ScramStatus.Succeeded, signature.Status);
        Assert.Equal("user", server.UserName);
        Assert.False(server.ChannelBound);
        Assert.Equal(ScramStatus.Succeeded, client.Receive(signature.Reply.Span).Status);
    }

    [Theory] // D30
    [InlineData("alex", "correct horse battery staple")]
    [InlineData("a,b=c", "p=,n=")]
    [InlineData("zoë", "пароль")]
    public void Names_and_passwords_of_every_kind_log_in(string name, string password)
    {
        var verifier = ScramVerifier.Create(password, Iterations);
        var accounts = new ScramAccounts(asked => asked == name ? verifier : null, Secret, Iterations);
        (ScramStep server, ScramStep client) = Run(new ScramServer(accounts), new ScramClient(name, password));
        Assert.Equal(ScramStatus.Succeeded, server.Status);
        Assert.Equal(ScramStatus.Succeeded, client.Status);
    }

    [Fact] // D19
    public void A_wrong_password_and_an_unknown_name_read_the_same()
    {
        (ScramStep wrong, ScramStep wrongClient) = Run(new ScramServer(Accounts()), new ScramClient("user", "pencils"));
        (ScramStep unknown, _) = Run(new ScramServer(Accounts()), new ScramClient("nobody", "pencil"));
        Assert.Equal(ScramError.InvalidProof, wrong.Error);
        Assert.Equal("e=invalid-proof", Text(wrong.Reply));
        Assert.Equal(Text(wrong.Reply), Text(unknown.Reply));
        Assert.Equal(wrong.Error, unknown.Error);
        Assert.Equal(ScramError.Refused, wrongClient.Error);
    }

    [Fact] // D20
    public void An_unknown_name_keeps_its_salt_over_a_restart_and_shares_it_with_no_other()
    {
        string first = Challenge(Accounts(), "nobody");
        Assert.Equal(first, Challenge(Accounts(), "nobody"));
        Assert.NotEqual(first, Challenge(Accounts(), "nobodx"));
        string known = Challenge(Accounts(), "user");
        Assert.Equal(known.Length, first.Length);
        Assert.EndsWith(",i=4096", first, StringComparison.Ordinal);
        Assert.EndsWith(",i=4096", known, StringComparison.Ordinal);
    }

    [Fact] // D20: what breaks the rules for names is unknown, not different
    public void A_name_that_nobody_can_have_is_answered_like_any_other()
    {
        ScramStep step = new ScramServer(Accounts()).Receive("n,,n=a\u0001b,r=0123456789abcdefghij"u8);
        Assert.Equal(ScramStatus.Continue, step.Status);
    }

    [Fact] // D03, D04, D09
    public void A_replayed_conversation_fails()
    {
        var client = new ScramClient("user", "pencil", null, "0123456789abcdefghij");
        byte[] first = client.Start().ToArray();
        var server = new ScramServer(Accounts());
        byte[] final = client.Receive(server.Receive(first).Reply.Span).Reply.ToArray();
        Assert.Equal(ScramStatus.Succeeded, server.Receive(final).Status);
        Assert.Equal(ScramError.OutOfTurn, server.Receive(final).Error);

        var again = new ScramServer(Accounts());
        Assert.Equal(ScramStatus.Continue, again.Receive(first).Status);
        Assert.Equal(ScramError.WrongNonce, again.Receive(final).Error);
        Assert.Null(again.UserName);
    }

    [Fact] // D01, D02
    public void Messages_out_of_turn_end_the_conversation()
    {
        foreach (string message in new[] { "c=biws,r=abcdefghijklmnopqrst,p=" + Convert.ToBase64String(new byte[32]), "v=AAAA", "r=x,s=QQ==,i=4096" })
        {
            var server = new ScramServer(Accounts());
            Assert.Equal(ScramError.Malformed, server.Receive(Encoding.UTF8.GetBytes(message)).Error);
            Assert.Equal(ScramError.OutOfTurn, server.Receive("n,,n=user,r=0123456789abcdefghij"u8).Error);
        }
    }

    [Theory] // D14, D09
    [InlineData("")]
    [InlineData("n")]
    [InlineData("n,")]
    [InlineData("n,,")]
    [InlineData("n,,n=user")]
    [InlineData("n,,r=0123456789abcdefghij,n=user")]
    [InlineData("x,,n=user,r=0123456789abcdefghij")]
    [InlineData("p=,,n=user,r=0123456789abcdefghij")]
    [InlineData("n,,m=ext,n=user,r=0123456789abcdefghij")]
    [InlineData("n,,n=user,r=0123456789abcdefghij,m=ext")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=user,r=short")]
    [InlineData("n,,n=user,r=0123456789 abcdefghij")]
    [InlineData("n,,n=,r=0123456789abcdefghij")]
    [InlineData("n,,n=a=2Xb,r=0123456789abcdefghij")]
    [InlineData("n,,n=a=2,r=0123456789abcdefghij")]
    [InlineData("n,,n=a=,r=0123456789abcdefghij")]
    [InlineData("n,,n=us\0er,r=0123456789abcdefghij")]
    [InlineData("n,a=root,n=user,r=0123456789abcdefghij")]
    [InlineData("n,b=user,n=user,r=0123456789abcdefghij")]
    public void A_first_message_outside_the_grammar_is_refused(string message) =>
        Assert.Equal(ScramError.Malformed, new ScramServer(Accounts()).Receive(Encoding.UTF8.GetBytes(message)).Error);

    [Fact] // D09, D30
    public void Long_and_non_UTF8_messages_are_refused()
    {
        string nonce = new('a', 1024 * 1024);
        Assert.Equal(ScramError.Malformed, new ScramServer(Accounts()).Receive(Encoding.UTF8.GetBytes($"n,,n=user,r={nonce}")).Error);
        Assert.Equal(ScramError.Malformed, new ScramServer(Accounts()).Receive(Encoding.UTF8.GetBytes($"n,,n=user,r={nonce[..300]}")).Error);
        Assert.Equal(ScramError.Malformed, new ScramServer(Accounts()).Receive([.. "n,,n=us"u8, 0xff, .. ",r=0123456789abcdefghij"u8]).Error);
    }

    [Theory] // D14
    [InlineData("c=biws,r={0}")]
    [InlineData("c=biws,r={0},p=")]
    [InlineData("c=biws,r={0},p=AAAA")]
    [InlineData("c=biws,r={0},p={1} ")]
    [InlineData("c=biws,r={0},m=x,p={1}")]
    [InlineData("r={0},c=biws,p={1}")]
    [InlineData("c=bi ws,r={0},p={1}")]
    [InlineData("c=biw,r={0},p={1}")]
    public void A_final_message_outside_the_grammar_is_refused(string form)
    {
        var server = new ScramServer(Accounts(), default, false, "ServerNonceServerNonce");
        server.Receive("n,,n=user,r=0123456789abcdefghij"u8);
        string message = string.Format(System.Globalization.CultureInfo.InvariantCulture, form,
            "0123456789abcdefghijServerNonceServerNonce", Convert.ToBase64String(new byte[32]));
        Assert.Equal(ScramError.Malformed, server.Receive(Encoding.UTF8.GetBytes(message)).Error);
    }

    [Theory] // D15, D16
    [InlineData("1")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("4095")]
    [InlineData("04096")]
    [InlineData("+4096")]
    [InlineData("4096.0")]
    [InlineData("10000001")]
    [InlineData("2147483647")]
    [InlineData("2147483648")]
    [InlineData("1000000000000")]
    [InlineData("99999999999999999999")]
    public void Iterations_out_of_bounds_are_refused_before_any_hashing(string count)
    {
        var client = new ScramClient("user", "pencil", null, "0123456789abcdefghij");
        client.Start();
        long start = Stopwatch.GetTimestamp();
        ScramStep step = client.Receive(Encoding.UTF8.GetBytes($"r=0123456789abcdefghijSERVER,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={count}"));
        Assert.Equal(ScramError.Iterations, step.Error);
        Assert.Equal(0, step.Reply.Length);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(0.5));
    }

    [Theory] // D14
    [InlineData("r=0123456789abcdefghij,s=QUJD,i=4096", ScramError.WrongNonce)]
    [InlineData("r=SERVER,s=QUJD,i=4096", ScramError.WrongNonce)]
    [InlineData("s=QUJD,r=0123456789abcdefghijS,i=4096", ScramError.Malformed)]
    [InlineData("r=0123456789abcdefghijS,s=,i=4096", ScramError.Malformed)]
    [InlineData("r=0123456789abcdefghijS,s=QUJ,i=4096", ScramError.Malformed)]
    [InlineData("r=0123456789abcdefghijS,s=QUJD", ScramError.Malformed)]
    [InlineData("m=x,r=0123456789abcdefghijS,s=QUJD,i=4096", ScramError.Malformed)]
    [InlineData("e=other-error", ScramError.Refused)]
    public void A_client_refuses_a_challenge_outside_the_grammar(string message, ScramError error)
    {
        var client = new ScramClient("user", "pencil", null, "0123456789abcdefghij");
        client.Start();
        Assert.Equal(error, client.Receive(Encoding.UTF8.GetBytes(message)).Error);
    }

    [Theory] // D17
    [InlineData("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ScramError.ServerNotProven)]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", ScramError.Malformed)]
    [InlineData("v=", ScramError.Malformed)]
    [InlineData("v=AAAA", ScramError.Malformed)]
    [InlineData("", ScramError.Malformed)]
    [InlineData("ok", ScramError.Malformed)]
    [InlineData("e=invalid-proof", ScramError.Refused)]
    public void A_client_does_not_believe_a_server_without_its_signature(string message, ScramError error)
    {
        var client = new ScramClient("user", "pencil", null, "rOprNGfwEbeRWgbNEkqO");
        client.Start();
        client.Receive("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"u8);
        Assert.Equal(error, client.Receive(Encoding.UTF8.GetBytes(message)).Error);
    }

    [Fact] // D18
    public void A_login_is_bound_to_the_channel()
    {
        var server = new ScramServer(Accounts(), Binding, requireChannelBinding: true);
        (ScramStep end, ScramStep client) = Run(server, new ScramClient("user", "pencil", new() { ChannelBinding = Binding }));
        Assert.Equal(ScramStatus.Succeeded, end.Status);
        Assert.Equal(ScramStatus.Succeeded, client.Status);
        Assert.True(server.ChannelBound);
    }

    [Fact] // D18
    public void A_relay_with_another_certificate_is_noticed()
    {
        byte[] other = [.. Binding.Reverse()];
        (ScramStep end, _) = Run(new ScramServer(Accounts(), Binding), new ScramClient("user", "pencil", new() { ChannelBinding = other }));
        Assert.Equal(ScramError.ChannelBinding, end.Error);
    }

    [Fact] // D13, D18
    public void An_offer_without_channel_binding_is_noticed_by_a_server_that_offered_it()
    {
        var stripped = new ScramClientOptions { ChannelBinding = Binding, ServerOffersChannelBinding = false };
        Assert.StartsWith("y,,", Text(new ScramClient("user", "pencil", stripped).Start()), StringComparison.Ordinal);
        Assert.Equal(ScramError.ChannelBinding, Run(new ScramServer(Accounts(), Binding), new ScramClient("user", "pencil", stripped)).Server.Error);
        Assert.Equal(ScramStatus.Succeeded, Run(new ScramServer(Accounts()), new ScramClient("user", "pencil", stripped)).Server.Status);
    }

    [Fact] // D13
    public void A_client_that_cannot_bind_is_refused_where_binding_is_required()
    {
        Assert.Equal(ScramError.ChannelBinding,
            Run(new ScramServer(Accounts(), Binding, requireChannelBinding: true), new ScramClient("user", "pencil")).Server.Error);
        Assert.Equal(ScramStatus.Succeeded, Run(new ScramServer(Accounts(), Binding), new ScramClient("user", "pencil")).Server.Status);
        Assert.Equal(ScramError.ChannelBinding,
            new ScramServer(Accounts(), Binding).Receive("p=tls-unique,,n=user,r=0123456789abcdefghij"u8).Error);
        Assert.Equal(ScramError.ChannelBinding,
            new ScramServer(Accounts()).Receive("p=tls-server-end-point,,n=user,r=0123456789abcdefghij"u8).Error);
    }

    [Fact] // D18: the header in c= is the one that was sent
    public void A_changed_header_is_noticed()
    {
        var client = new ScramClient("user", "pencil", new() { ChannelBinding = Binding, ServerOffersChannelBinding = false });
        string first = Text(client.Start());
        var server = new ScramServer(Accounts());
        ScramStep challenge = server.Receive(Encoding.UTF8.GetBytes("n" + first[1..]));
        Assert.Equal(ScramError.ChannelBinding, server.Receive(client.Receive(challenge.Reply.Span).Reply.Span).Error);
    }

    [Fact] // D12
    public void No_proof_of_three_thousand_guessed_ones_is_right()
    {
        var random = new Random(77);
        byte[] proof = new byte[32];
        for (int i = 0; i < 3000; i++)
        {
            random.NextBytes(proof);
            var server = new ScramServer(Accounts(), default, false, "ServerNonceServerNonce");
            server.Receive("n,,n=user,r=0123456789abcdefghij"u8);
            string final = $"c=biws,r=0123456789abcdefghijServerNonceServerNonce,p={Convert.ToBase64String(proof)}";
            Assert.Equal(ScramError.InvalidProof, server.Receive(Encoding.UTF8.GetBytes(final)).Error);
        }
    }

    [Fact] // N: nothing but the documented outcome, whatever arrives
    public void Mutated_messages_never_throw_and_never_log_in()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < 3000; i++)
        {
            var server = new ScramServer(Accounts());
            var client = new ScramClient("user", "wrong");
            byte[] first = Mutate(client.Start().ToArray(), random);
            ScramStep step = server.Receive(first);
            if (step.Status != ScramStatus.Continue)
                continue;
            byte[] final = Encoding.UTF8.GetBytes($"c=biws,r={Text(step.Reply).Split(',')[0][2..]},p={Convert.ToBase64String(new byte[32])}");
            Assert.Equal(ScramStatus.Failed, server.Receive(Mutate(final, random)).Status);
        }
    }

    private static byte[] Mutate(byte[] message, Random random)
    {
        for (int n = random.Next(3); n > 0; n--)
        {
            int at = random.Next(message.Length);
            message = random.Next(3) switch
            {
                0 => [.. message[..at], (byte)random.Next(256), .. message[(at + 1)..]],
                1 => [.. message[..at], .. message[(at + 1)..], (byte)','],
                _ => [.. message[..at], (byte)",=nrcp"[random.Next(6)], .. message[at..]],
            };
        }
        return message;
    }

    private static ScramAccounts Accounts() => new(name => name == "user" ? Pencil : null, Secret, Iterations);

    private static string Challenge(ScramAccounts accounts, string name)
    {
        ScramStep step = new ScramServer(accounts).Receive(Encoding.UTF8.GetBytes($"n,,n={name},r=0123456789abcdefghij"));
        return Text(step.Reply)[Text(step.Reply).IndexOf(",s=", StringComparison.Ordinal)..];
    }

    private static (ScramStep Server, ScramStep Client) Run(ScramServer server, ScramClient client)
    {
        ScramStep step = server.Receive(client.Start().Span);
        if (step.Status == ScramStatus.Continue)
            step = server.Receive(client.Receive(step.Reply.Span).Reply.Span);
        return (step, client.Receive(step.Reply.Span));
    }

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
