package corpus

// This file holds the vocabulary.

import "strings"

var words = strings.Fields(`
the be to of and a in that have I it for not on with he as you do at this but his by from they we say her
she or an will my one all would there their what so up out if about who get which go me when make can like
time no just him know take people into year your good some could them see other than then now look only come
its over think also back after use two how our work first well way even new want because any these give day
most us server client release window buffer deploy review branch ticket design backend report metrics
latency incident schedule customer feature database network message channel meeting budget contract invoice
coffee weekend holiday project manager engineer question answer problem solution version update upgrade
rollback failure success test build pipeline container cluster memory processor thread queue worker storage
backup restore policy account password session token request response header payload frame socket stream
connection timeout retry error warning morning evening tonight tomorrow yesterday between through during
before under around without against another every always never sometimes often together already almost
probably perhaps really quite rather enough several different important possible available ready happy sorry
thanks please welcome great small large early late quick slow simple difficult expensive cheap beautiful
strange quiet loud empty full house street garden kitchen river mountain forest island harbour bridge
station airport library museum theatre market restaurant bakery hospital school university office factory
village city country border journey luggage passport weather winter summer autumn spring thunder rainbow
sunshine write read speak listen understand remember forget believe decide explain describe suggest promise
refuse agree argue arrive leave return follow carry bring break repair replace remove include contain
consider continue change choose compare complete confirm connect create deliver develop discover discuss
measure mention improve increase reduce prefer prepare present prevent produce protect provide publish
receive recommend record repeat require resolve search select share solve start stop support transfer
translate travel`)

var (
	givenNames = strings.Fields(`Alice Bob Carmen Dmitri Elena Farid Grace Hiro Ingrid Jamal Katya Liam Mei Nadia Oscar
Priya Quentin Rosa Sven Tariq Ursula Viktor Wanda Ximena Yusuf Zoe`)
	familyNames = strings.Fields(`Anders Brown Castillo Dubois Eriksen Fischer Garcia Hansen Ivanova Jones Kowalski Lopez
Mueller Nakamura Okafor Petrov Quinn Rossi Schmidt Tanaka Usman Vargas Weber Xu Yilmaz Zhang`)
	emoji = strings.Fields(`thumbsup heart tada eyes rocket 👍 ❤️ 🎉 😂 👀`)
)
