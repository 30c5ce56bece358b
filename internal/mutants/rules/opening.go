package main

// The rules about the opening handshake, and what both sides agree on by it.

var opening = group{
	file: "handshake.go", tests: `AcceptKey|Key_|TokenLists|UpgradeList|Extensions_|ExtensionBounds|Field|Subprotocol|Response_|HandshakeError|Switching|Requests_|HandshakeSameAnswer|AcceptStream|BothRoles|Reserved|Offers|Answers|TestUpgradeHeader|TestHTTP2`,
	list: []change{
		{`4.2.1: HTTP/1.0 is enough`, `if o.major != 1 || o.minor < 1 {`, `if o.major != 1 {`},
		{`4.2.1: HTTP/2 without a stream is enough`, `if o.major != 1 || o.minor < 1 {`, `if o.major < 1 || o.minor < 1 && o.major == 1 {`},
		{`4.2.1: any method will do`, `if o.method != http.MethodGet {`, `if o.method == http.MethodPost {`},
		{`RFC 8441, 4: a stream may have any method`, `if o.method != http.MethodConnect {`, `if o.method == http.MethodPost {`},
		{`RFC 8441, 5: a stream may be of any protocol`, `if !equalFold(o.protocol, "websocket") {`, `if o.protocol == "" {`},
		{`RFC 9220, 3: a protocol that is not supported is a bad request`, `Status: http.StatusNotImplemented, Reason: "the :protocol`, `Status: http.StatusBadRequest, Reason: "the :protocol`},
		{`RFC 8441, 5: a stream need not say the version`, `(*opening).checkConnect, (*opening).checkHost, (*opening).checkVersion, (*opening).checkOffers,`, `(*opening).checkConnect, (*opening).checkHost, (*opening).checkOffers,`},
		{`RFC 8441, 5: a stream need not have an authority`, `(*opening).checkConnect, (*opening).checkHost,`, `(*opening).checkConnect,`},
		{`RFC 8441, 5: a stream needs a key`, `(*opening).checkConnect, (*opening).checkHost,`, `(*opening).checkConnect, (*opening).checkKey, (*opening).checkHost,`},
		{`RFC 8441, 5: a stream is told of 426`, `	if o.stream {
		// RFC 9113`, `	if o.stream && o.body {
		// RFC 9113`},
		{`4.2.1: Host may be repeated`, `if err := o.once(fieldHost); err != nil {`, `if err := o.once(fieldHost); err != nil && o.body {`},
		{`4.2.1: Host may be missing`, `	if o.value(fieldHost) == "" {`, `	if o.value(fieldHost) == "" && o.body {`},
		{`4.2.1: Host may be anything`, `	if !isAuthority(o.value(fieldHost)) {`, `	if o.body && !isAuthority(o.value(fieldHost)) {`},
		{`4.2.1: the request may have a body`, `	if o.body {
		return badRequest`, `	if o.body && o.stream {
		return badRequest`},
		{`4.2.1: Connection need not name Upgrade`, `{fieldConnection, "Upgrade", hasToken},`, `{fieldConnection, "Upgrade", func([]string, string) (bool, bool) { return true, true }},`},
		{`4.2.1: Connection names Upgrade by a part of a token`, `{fieldConnection, "Upgrade", hasToken},`, `{fieldConnection, "Upgrade", func(s []string, t string) (bool, bool) { return strings.Contains(strings.Join(s, ","), t), true }},`},
		{`4.2.1: Upgrade need not name websocket`, `{fieldUpgrade, "websocket", hasProtocol},`, `{fieldUpgrade, "websocket", func([]string, string) (bool, bool) { return true, true }},`},
		{`4.2.1: Upgrade may be missing`, `		if len(o.lines[want.field]) == 0 {
			return badRequest`, `		if len(o.lines[want.field]) == 0 && want.field == fieldConnection {
			return badRequest`},
		{`4.2.1: a malformed list is one that does not name us`, `			return badRequest(name + " is malformed")
		}
		if !found {`, `			found = true
		}
		if !found {`},
		{`4.2.1: the version may be repeated`, `if err := o.once(fieldVersion); err != nil {`, `if err := o.once(fieldVersion); err != nil && o.body {`},
		{`4.2.1: version 8 is ours`, `if o.value(fieldVersion) == "13" {`, `if o.value(fieldVersion) == "13" || o.value(fieldVersion) == "8" {`},
		{`4.2.1: no version is ours`, `if o.value(fieldVersion) == "13" {`, `if o.value(fieldVersion) == "13" || o.value(fieldVersion) == "" {`},
		{`4.2.2: another version is a bad request`, `Status: http.StatusUpgradeRequired,`, `Status: http.StatusBadRequest,`},
		{`4.2.2: another version is not told ours`, `"Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}},`, `"Connection": {"Upgrade"}},`},
		{`4.2.1: the key may be repeated`, `if err := o.once(fieldKey); err != nil {`, `if err := o.once(fieldKey); err != nil && o.body {`},
		{`4.2.1: the key may be missing`, `	if len(o.lines[fieldKey]) == 0 {`, `	if len(o.lines[fieldKey]) == 0 && o.value(fieldKey) != "" {`},
		{`4.2.1: the key may be anything`, `if !validKey(o.value(fieldKey)) {`, `if o.value(fieldKey) == "" {`},
		{`4.2.1: the key may have 15 bytes`, `return err == nil && n == 16`, `return err == nil && n >= 15`},
		{`4.2.1: the key need not be base64`, `return err == nil && n == 16`, `return err == nil && n == 16 || key[0] == '!'`},
		{`4.3: Origin may be repeated`, `if err := o.once(fieldOrigin); err != nil {`, `if err := o.once(fieldOrigin); err != nil && o.body {`},
		{`4.3: a subprotocol need not be a token`, `if n, ok := countTokens(lines); !ok || n == 0 {`, `if n, _ := countTokens(lines); n == 0 {`},
		{`4.3: the list of subprotocols may be empty`, `if n, ok := countTokens(lines); !ok || n == 0 {`, `if _, ok := countTokens(lines); !ok {`},
		{`9.1: a malformed list of extensions is none`, `return badRequest("Sec-WebSocket-Extensions is malformed")`, `o.offers = nil`},
		{`4.2.2: a subprotocol is answered that was not asked for`, `t == p && t != "" {`, `(t == p || len(preferred) > 1) && t != "" {`},
		{`4.2.2: a subprotocol is found in any case`, `t == p && t != "" {`, `equalFold(t, p) && t != "" {`},
		{`4.2.2: the GUID is another`, `"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"`, `"258EAFA5-E914-47DA-95CA-C5AB0DC85B10"`},
		{`4.2.2: the answer does not name the subprotocol`, `	if subprotocol != "" {
		dst = appendField`, `	if subprotocol != "" && len(extensions) > 0 {
		dst = appendField`},
		{`4.2.2: the answer does not name the extension`, `	if len(extensions) > 0 {
		dst = append`, `	if len(extensions) > 0 && subprotocol != "" {
		dst = append`},
		{`4.2.2: the answer has no Connection`, `Upgrade: websocket\r\nConnection: Upgrade\r\n"...)`, `Upgrade: websocket\r\n"...)`},
		{`4.2.2: a value may begin another field`, `		if c == '\r' || c == '\n' {`, `		if c == '\r' {`},
		{`4.2.2: an application may set the handshake's own fields`, `	if isHandshakes(name) {
		return true
	}`, ``},
		{`4.1: the response may be HTTP/1.0`, `if !resp.ProtoAtLeast(1, 1) {`, `if !resp.ProtoAtLeast(1, 0) {`},
		{`4.1: the response need not have Upgrade`, `if v := h["Upgrade"]; len(v) != 1 || !equalFold(v[0], "websocket") {`, `if v := h["Upgrade"]; len(v) > 0 && !equalFold(v[0], "websocket") {`},
		{`4.1: the response may upgrade to anything`, `if v := h["Upgrade"]; len(v) != 1 || !equalFold(v[0], "websocket") {`, `if v := h["Upgrade"]; len(v) != 1 {`},
		{`4.1: case matters in the response's Upgrade`, `len(v) != 1 || !equalFold(v[0], "websocket") {`, `len(v) != 1 || v[0] != "websocket" {`},
		{`4.1: the response's Connection need not name Upgrade`, `hasToken(h["Connection"], "Upgrade"); !found || !ok {`, `hasToken(h["Connection"], "Upgrade"); !found && !ok {`},
		{`4.1: the response need not answer the key`, `len(v) != 1 || v[0] != AcceptKey(key) {`, `len(v) != 1 {`},
		{`4.1: the answer to the key may be repeated`, `len(v) != 1 || v[0] != AcceptKey(key) {`, `len(v) == 0 || v[0] != AcceptKey(key) {`},
		{`11.3.2: the answer to the offers may be repeated`, `!ok || len(v) > 1 {`, `!ok {`},
		{`9.1: a malformed answer to the offers is none`, `!ok || len(v) > 1 {`, `!ok && len(v) > 1 {`},
		{`4.1: any subprotocol may be answered`, `if len(v) == 1 && v[0] == p {`, `if len(v) == 1 {`},
		{`11.3.4: the answered subprotocol may be repeated`, `if len(v) == 1 && v[0] == p {`, `if v[0] == p {`},
		{`4.1: a subprotocol that was not asked for is none`, `		return bad("Sec-WebSocket-Protocol is not one that was asked for")`, `		return agreed, nil`},
	},
}

var lists = group{
	file: "list.go", tests: `TokenLists|UpgradeList|Extensions_|ExtensionBounds|Field|Origin|FuzzExtensions|Requests_`,
	list: []change{
		{`9.1: a value may be quoted and no token`, `return p, s, ok && isToken(p.Value)`, `return p, s, ok`},
		{`9.1: an extension may have no name`, `if name, s = cutToken(s); name == "" || len(exts) == maxExtensions {`, `if name, s = cutToken(s); len(exts) == maxExtensions {`},
		{`9.1: a parameter may have no name`, `if p.Name, s = cutToken(s); p.Name == "" {`, `if p.Name, s = cutToken(s); p.Name == "" && s != "" && s[0] != ',' {`},
		{`9.1: extensions need no comma between them`, `			if s != "" && s[0] != ',' {
				return exts, params, false
			}
			exts`, `			exts`},
		{`9.1: there is no bound on extensions`, `name == "" || len(exts) == maxExtensions {`, `name == "" {`},
		{`9.1: there is no bound on parameters`, `!ok || len(params) == maxExtensionParams {`, `!ok {`},
		{`9.1: a quoted value has no escapes`, `			if i++; i == len(s) {
				return "", "", false
			}`, ``},
		{`9.1: an extension has the parameters of those before it`, `Params: params[first:len(params):len(params)]})`, `Params: params[first/2 : len(params):len(params)]})`},
		{`4.2.1: an element of a list may be anything`, `			if !isToken(element) {
				return found, false
			}
			found = found || equalFold(element, token)`, `			found = found || equalFold(element, token)`},
		{`4.2.1: the last element of a list decides`, `			found = found || equalFold(element, token)`, `			found = equalFold(element, token)`},
		{`4.2.1: the version of a protocol is part of its name`, `			name, version, versioned := strings.Cut(element, "/")`, `			name, version, versioned := strings.Cut(element, " ")`},
		{`RFC 9110, 5.5: a value may have controls`, `		if c := s[i]; c < ' ' && c != '\t' || c == 0x7F {`, `		if c := s[i]; c < ' ' && c != '\t' {`},
	},
}

var requests = group{
	file: "request.go", tests: `UpgradeConn(Syntax|Truncated|Pieces)|Requests_|RequestTarget|TestRequest$|MaxRequestHead|AppendHandshake|FuzzRequest|HandshakeSameAnswer|TargetUser`,
	list: []change{
		{`RFC 9112, 2.2: a bare LF ends a line`, `	if n < 1 || s[n-1] != '\r' {`, `	if n < 1 {`},
		{`RFC 9112, 3: the target may have controls`, `		if s[i] <= ' ' || s[i] == 0x7F {`, `		if s[i] <= ' ' {`},
		{`RFC 9112, 3.2: the target may be an authority`, `target[0] != '/' && targetAuthority(target) == "" {`, `target[0] != '/' && targetAuthority(target) == "" && target == "*" {`},
		{`RFC 9112, 3.2.2: Host counts, not the absolute target`, `			o.first[fieldHost] = authority
`, `			_ = authority
`},
		{`RFC 9112, 5.1: a space may stand before the colon`, `	if colon == start || !strings.HasPrefix(in[colon:], ":") {`, `	if colon == start || !strings.HasPrefix(strings.TrimLeft(in[colon:], " "), ":") {`},
		{`RFC 9112, 5.1: a name may be empty`, `	if colon == start || !strings.HasPrefix(in[colon:], ":") {`, `	if !strings.HasPrefix(in[colon:], ":") {`},
		{`RFC 9112, 6: a body announced by its length is none`, `	if equalFold(name, "Content-Length") && value != "0" ||`, `	if equalFold(name, "Content-Length") && value == "" ||`},
		{`RFC 9112, 6: a chunked body is none`, `|| equalFold(name, "Transfer-Encoding") {`, `|| false {`},
		{`10.4: there is no bound on fields`, `		if len(r.fields) == maxRequestFields {`, `		if len(r.fields) == 8*maxRequestFields {`},
	},
}

var origins = group{
	file: "origin.go", tests: `Origin`,
	list: []change{
		{`10.2: any origin is the server's`, `	return equalFold(name, hostName) && port == hostPort`, `	return (equalFold(name, hostName) || name != "") && port == hostPort`},
		{`10.2: the port does not matter`, `	return equalFold(name, hostName) && port == hostPort`, `	return equalFold(name, hostName) && (port == hostPort || port != "")`},
		{`10.2: a page that came over plain HTTP is of a secure server's origin`, `(secure || !equalFold(scheme, "http")) {`, `(!equalFold(scheme, "http")) {`},
		{`10.2: an origin that is none may match a pattern`, `if ok = ok && isAuthority(authority); ok && sameOrigin`, `if ok && sameOrigin`},
		{`10.2: a pattern of subdomains matches what ends so`, `		return n > 0 && equalFold(o.name[n:], p.name)`, `		return n >= 0 && equalFold(o.name[n:], p.name) || strings.HasSuffix(o.name, p.name[1:])`},
		{`10.2: a pattern's port does not matter`, `p.port != "" && p.port != "*" && p.port != o.port:`, `p.port != "" && p.port != "*" && p.port != o.port && o.port == "":`},
		{`10.2: a pattern of hosts matches any scheme`, `	case p.scheme == "" && !isWeb(o.scheme), p.scheme`, `	case p.scheme`},
	},
}

var urls = group{
	file: "url.go", tests: `ClientHandshake|DialMisuse`,
	list: []change{
		{`3: a URL may have a fragment`, `if strings.Contains(rawURL, "#") {`, `if strings.HasSuffix(rawURL, "##") {`},
		{`3: any scheme will do`, `	case "ws", "http":`, `	case "ws", "http", "ftp":`},
	},
}

var clientSide = group{
	file: "clienthandshake.go", tests: `ClientHandshake|DialRequest|DialKey|DialMisuse|DialResponse|DialStream$|BothRoles|DialCookies`,
	list: []change{
		{`4.1: the default port stands in Host`, `if port == "" || port == defaultPorts[u.Scheme] {`, `if port == "" {`},
		{`4.1: the key is always the same`, `		rand.Read(nonce[:])
`, `		rand.Read(nonce[:0])
`},
		{`4.1: the key has 8 bytes`, `var nonce [16]byte`, `var nonce [8]byte`},
		{`4.1: a subprotocol may be named twice`, `if slices.Contains(h.subprotocols[:i], p) {`, `if slices.Contains(h.subprotocols[:i/9], p) {`},
		{`4.1: a subprotocol may be anything`, `		if !isToken(p) {`, `		if p == "" {`},
		{`4.1: a client may set the handshake's own fields`, `		if isReserved(name) {`, `		if name == "" {`},
		{`4.1: a client may set a field with line breaks`, `			if !isFieldValue(v) {`, `			if v == "\n" {`},
		{`4.1: status 200 accepts`, `	return status == http.StatusSwitchingProtocols`, `	return status == http.StatusSwitchingProtocols || status == 200`},
		{`RFC 8441, 5: over a stream 101 accepts`, `return status/100 == 2 // as`, `return status/100 == 1 // as`},
		{`RFC 8441, 5: over a stream only 200 accepts`, `return status/100 == 2 // as`, `return status == 200 // as`},
		{`RFC 8441, 5: a stream's response is that of HTTP/1.1`, `		check = checkStreamResponse
`, ``},
		{`RFC 8441, 5: a request over a stream has a key`, `	if !h.stream {
		var nonce`, `	if true {
		var nonce`},
		{`RFC 8441, 4: a request over a stream is a GET`, `		r.Method = http.MethodConnect
`, ``},
		{`RFC 8441, 4: a request over a stream does not name its protocol`, `		r.Header[":protocol"] = []string{"websocket"}
`, ``},
	},
}

var choices = group{
	file: "choices.go", tests: `CheckOrigin|SelectSubprotocol|OnRefuse|IsUpgrade|SubprotocolsOf|AllowsOrigin|InsecureSkip`,
	list: []change{
		{`4.2.2: a server may choose a subprotocol that was not asked for`, `if chosen != "" && !slices.Contains(Subprotocols(r), chosen) {`, `if chosen != "" && len(Subprotocols(r)) == 0 {`},
		{`10.2: the origin is not checked`, `allowed := len(o.lines[fieldOrigin]) == 0 || u.InsecureSkipOriginCheck ||`, `allowed := true || len(o.lines[fieldOrigin]) == 0 || u.InsecureSkipOriginCheck ||`},
		{`10.2: what is no browser may not connect`, `allowed := len(o.lines[fieldOrigin]) == 0 || u.`, `allowed := u.`},
		{`RFC 8441, 4: a stream of any protocol asks for a connection`, `isOnly(r.Header[":protocol"], "websocket") // over`, `len(r.Header[":protocol"]) == 1 // over`},
	},
}

var streams = group{
	file: "serverhandshake.go", tests: `AcceptStream|HandshakeSameAnswer|HandshakeConn|TestRefuse$|StreamBothRoles|Agreement|StreamHandlers|StreamRefusals`,
	list: []change{
		{`RFC 8441, 5: a stream that is accepted is told 101`, `	if h.opening.stream {
		header`, `	if h.opening.body {
		header`},
		{`RFC 8441, 5: a stream's response does not name the subprotocol`, `	if agreed.Subprotocol != "" {`, `	if agreed.Subprotocol != "" && !h.opening.stream {`},
		{`RFC 8441, 5: a stream's response does not name the extension`, `	if len(h.answer) > 0 {`, `	if len(h.answer) > 0 && !h.opening.stream {`},
		{`RFC 8441, 5: a stream may announce a body`, `o.body = r.ContentLength > 0 || len(r.Header["Content-Length"]) > 0`, `o.body = r.ContentLength > 1<<40`},
	},
}

var extending = group{
	file: "extensions.go", tests: `Offers|Answers|DialWrongCompression|Wishes|Response_`,
	list: []change{
		{`9.1: another extension is answered as ours`, `		if offer.Name != compress.Name {
			continue
		}`, ``},
		{`9.1: an extension may be answered that was not asked for`, `if wanted == nil || answer[0].Name != compress.Name {
		return nil, errNotOffered`, `if wanted == nil || answer[0].Name != compress.Name {
		return nil, nil`},
		{`9.1: any extension may be answered`, `if wanted == nil || answer[0].Name != compress.Name {
		return nil, errNotOffered`, `if wanted == nil {
		return nil, errNotOffered`},
		{`9.1: the extension may be answered twice`, `	if len(answer) > 1 {`, `	if len(answer) > 2 {`},
	},
}

var negotiating = group{
	file: "compress/negotiate.go", pkg: "compress", tests: `Accept|Confirm|Offer|Validate|Negoti|Options|WindowOf`,
	list: []change{
		{`RFC 7692, 7.1: a parameter may stand twice`, `		if twice {`, `		if twice && answer {`},
		{`RFC 7692, 7.1: a parameter may stand twice in an answer`, `		if twice {`, `		if twice && !answer {`},
		{`RFC 7692, 7.1: an unknown parameter is nothing`, `			return o, fmt.Errorf("unknown parameter %.40q", p.Name)`, `			continue`},
		{`RFC 7692, 7.1: a wrong value is nothing`, `		if !valid {`, `		if !valid && p.Value == "" {`},
		{`RFC 7692, 7.1.1: server_no_context_takeover may have a value`, `twice, valid := false, !p.HasValue`, `twice, valid := false, true`},
		{`RFC 7692, 7.1.2.1: a window of 7 bits is one`, `(p.Value[0] == '8' || p.Value[0] == '9'):`, `p.Value[0] >= '7' && p.Value[0] <= '9':`},
		{`RFC 7692, 7.1.2.1: a window of 16 bits is one`, `p.Value[1] >= '0' && p.Value[1] <= '5':`, `p.Value[1] >= '0' && p.Value[1] <= '6':`},
		{`RFC 7692, 7.1.2.1: a window may have leading zeros`, `case len(p.Value) == 2 && p.Value[0] == '1' &&`, `case len(p.Value) == 2 && p.Value[0] <= '1' &&`},
		{`RFC 7692, 7.1.2.1: a window of 8 bits is none`, `(p.Value[0] == '8' || p.Value[0] == '9'):`, `(p.Value[0] == '9'):`},
		{`RFC 7692, 7.1.2.2: client_max_window_bits needs a value`, `			if !p.HasValue && !answer {`, `			if !p.HasValue && answer {`},
		{`RFC 7692, 7.1.2.2: client_max_window_bits may be answered without a value`, `			if !p.HasValue && !answer {`, `			if !p.HasValue {`},
		{`RFC 7692, 7.1.2.2: client_max_window_bits is answered without having been offered`, `	case wanted < 15:
`, `	case wanted < 15:
		p.ClientMaxWindowBits = wanted
`},
		{`RFC 7692, 7.1.2.2: a client that cannot be told of a small window keeps it`, `		p.ClientNoContextTakeover = true
`, ``},
		{`RFC 7692, 7.1.1.1: server_no_context_takeover is not granted`, `o.FromServer.NoContextTakeover || offered.serverNoTakeover,`, `o.FromServer.NoContextTakeover,`},
		{`RFC 7692, 7.1.1.1: server_no_context_takeover is granted and not answered`, `answer := offer{serverNoTakeover: p.ServerNoContextTakeover, client`, `answer := offer{serverNoTakeover: o.FromServer.NoContextTakeover, client`},
		{`RFC 7692, 7.1.1.2: client_no_context_takeover is not answered`, `clientNoTakeover: p.ClientNoContextTakeover}`, `clientNoTakeover: offered.clientNoTakeover}`},
		{`RFC 7692, 7.1.2.1: a larger window is answered than was asked for`, `		p.ServerMaxWindowBits = min(p.ServerMaxWindowBits, offered.serverBits)
`, `		p.ServerMaxWindowBits = max(p.ServerMaxWindowBits, offered.serverBits)
`},
		{`RFC 7692, 7.1.2.1: server_max_window_bits is not answered`, `if p.ServerMaxWindowBits < 15 || offered.serverBits != 0 {`, `if p.ServerMaxWindowBits < 8 {`},
		{`RFC 7692, 7.1.2.1: server_max_window_bits=15 is not answered`, `if p.ServerMaxWindowBits < 15 || offered.serverBits != 0 {`, `if p.ServerMaxWindowBits < 15 {`},
		{`RFC 7692, 7.1.2.2: a larger window is answered than the client offers`, `		p.ClientMaxWindowBits = min(wanted, offered.clientBits)`, `		p.ClientMaxWindowBits = wanted`},
		{`RFC 7692, 7.1.1.1: a strict client takes an answer without server_no_context_takeover`, `	if o.serverNoTakeover && !a.serverNoTakeover {`, `	if o.serverNoTakeover && !a.serverNoTakeover && a.clientNoTakeover {`},
		{`RFC 7692, 7.1.2.1: a strict client takes a larger window`, `(a.serverBits == 0 || a.serverBits > o.serverBits) {`, `a.serverBits == 0 {`},
		{`RFC 7692, 7.1.2.1: a strict client takes an answer without a window`, `(a.serverBits == 0 || a.serverBits > o.serverBits) {`, `a.serverBits > o.serverBits {`},
		{`RFC 7692, 7.1.2.2: a strict client takes more than it offered`, `	if o.clientBits > 0 && a.clientBits > o.clientBits {`, `	if o.clientBits > 0 && a.clientBits > 15 {`},
		{`RFC 7692, 7.1.2.2: a client's window is that of the answer alone`, `min(windowBits(a.clientBits), windowBits(o.FromClient.MaxWindowBits)),`, `windowBits(a.clientBits),`},
		{`RFC 7692, 7.1.1.2: a client that said so keeps its window when the server does not repeat it`, `a.clientNoTakeover || o.FromClient.NoContextTakeover,`, `a.clientNoTakeover,`},
		{`RFC 7692, 7.1.1.1: a client takes takeover for what it offered`, `		ServerNoContextTakeover: a.serverNoTakeover,
		// The`, `		ServerNoContextTakeover: a.serverNoTakeover || o.FromServer.NoContextTakeover,
		// The`},
		{`RFC 7692, 7.1.2.2: a client inflates with the client's window`, `NewInflater(InflaterOptions{WindowBits: p.ServerMaxWindowBits,`, `NewInflater(InflaterOptions{WindowBits: p.ClientMaxWindowBits + 1 - 1,`},
	},
}
