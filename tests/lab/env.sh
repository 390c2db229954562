# Ports, users and paths of the lab. Every value can be set in the environment.
LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${LAB_BASE:=15000}"               # every default port is LAB_BASE + offset
: "${LAB_IP:=127.0.0.1}" "${LAB_IP6:=::1}"
LAB_DOMAIN=lab.test
port() { [ -n "${!1-}" ] || printf -v "$1" %s $((LAB_BASE + $2)); export "${1?}"; }
port LAB_SLOWDNS 52                  # delaying DNS helper (UDP)
port LAB_DNS 53                      # DNS (UDP, TCP)
port LAB_SIP 60                      # Kamailio UDP, TCP
port LAB_SIPS 61                     # Kamailio TLS
port LAB_STUN 78                     # coturn UDP, TCP
port LAB_TURNS 79                    # coturn TLS, DTLS
port LAB_HTTP 80                     # Kamailio HTTP: XCAP, JSON-RPC, ws
port LAB_HTTPS 81                    # Kamailio HTTPS: XCAP, wss
port LAB_MSRP 85                     # Kamailio MSRP relay, TLS
port LAB_MSRPTCP 86                  # Kamailio MSRP relay, plain TCP
port LAB_BOB 110                     # baresip bob: SIP UDP/TCP here, TLS +1, ctrl_tcp +2
port LAB_CAROL 120                   # baresip carol: the same
port LAB_SIPP 300                    # SIPp self test
port LAB_RELAY_MIN 400               # coturn relay range
port LAB_RELAY_MAX 499
port LAB_RTP 600                     # RTP of the peers, 40 ports each
: "${LAB_USERS:=alice bob carol dave erin reg423 vm}"   # password of USER is USERpw
: "${LAB_TRANSPORT:=udp}"            # transport of the baresip accounts: udp, tcp or tls
: "${LAB_BOB_OPTS:=;answermode=auto}" "${LAB_CAROL_OPTS:=;answermode=manual}"
: "${LAB_MEDIAENC:=}"                # baresip: srtp, srtp-mand, dtls_srtp or empty
: "${LAB_CODECS:=opus/48000/2,G722/16000/1,PCMU/8000/1,PCMA/8000/1}"
: "${LAB_DIGEST:=MD5}"               # or SHA-256
: "${LAB_NONCE:=300}"                # seconds a digest nonce lives
: "${LAB_SLOW:=20}"                  # seconds slow@ stays silent
: "${LAB_DNSDELAY:=4}"               # seconds a slow.test answer takes
: "${LAB_PRES_RULES:=0}"             # 1: watchers stay pending until XCAP pres-rules allow them
: "${LAB_TLS_OPEN:=0}"               # 1: TLS 1.2 with RSA key exchange, so that tshark can decrypt
: "${LAB_PYTHON:=/usr/bin/python3}"
export PYTHONDONTWRITEBYTECODE=1 LAB_DIR LAB_BASE LAB_IP LAB_IP6 LAB_DOMAIN LAB_USERS LAB_TRANSPORT LAB_BOB_OPTS LAB_CAROL_OPTS \
  LAB_MEDIAENC LAB_CODECS LAB_DIGEST LAB_NONCE LAB_SLOW LAB_DNSDELAY LAB_PRES_RULES LAB_TLS_OPEN LAB_PYTHON
