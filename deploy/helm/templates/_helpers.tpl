{{- define "coder-scim.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}
{{- define "coder-scim.selector" -}}
app.kubernetes.io/name: coder-scim
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "coder-scim.labels" -}}
{{ include "coder-scim.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
{{- define "coder-scim.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
{{- /* Secrets that the bridge reads, as the name of its variable and the key that holds it. */ -}}
{{- define "coder-scim.secretVariables" -}}
CODER_SESSION_TOKEN: {{ .Values.secrets.keys.coderToken }}
{{- if .Values.secrets.keys.adminToken }}
CODER_SCIM_ADMIN_TOKEN: {{ .Values.secrets.keys.adminToken }}
{{- end }}
{{- if .Values.database.postgres }}
CODER_SCIM_DATABASE_URL: {{ .Values.secrets.keys.databaseUrl }}
{{- end }}
{{- if .Values.secrets.keys.metricsToken }}
CODER_SCIM_METRICS_TOKEN: {{ .Values.secrets.keys.metricsToken }}
{{- end }}
{{- range $variable, $key := .Values.secrets.variables }}
{{ $variable }}: {{ $key }}
{{- end }}
{{- end }}
{{- /* Where Prometheus finds the metrics token. The CSI driver mounts files in pods of the bridge alone, and makes no Secret by itself. */ -}}
{{- define "coder-scim.metricsSecret" -}}
{{- if .Values.serviceMonitor.secret }}{{ .Values.serviceMonitor.secret }}
{{- else if eq .Values.secrets.from "csi" }}{{ fail "serviceMonitor.secret is needed with secrets.from csi: the name of a Secret that has secrets.keys.metricsToken for Prometheus" }}
{{- else }}{{ eq .Values.secrets.from "externalSecret" | ternary (include "coder-scim.name" .) .Values.secrets.existing }}
{{- end }}
{{- end }}
{{- /* Ports of Coder and Postgres, and of the URLs in coder.url and env: a collector, a place of the audit trail, a webhook, an OpenID provider. */ -}}
{{- define "coder-scim.egressPorts" -}}
[443, 80, 7080, 8080, 5432
{{- $urls := list .Values.coder.url }}
{{- range .Values.env }}{{ $urls = append $urls . }}{{ end }}
{{- range regexFindAll "[a-z+]+://[^\\s/?#]+" (join " " $urls) -1 }}
{{- with regexFind ":[0-9]+$" . }}, {{ trimPrefix ":" . }}{{ end }}
{{- if regexMatch "^syslog://([^:]+|\\[.*\\])$" . }}, 514
{{- else if regexMatch "^syslog\\+tls://([^:]+|\\[.*\\])$" . }}, 6514
{{- end }}
{{- end -}}
]
{{- end }}
{{- /* CODER_SCIM_SHUTDOWN_TIMEOUT in whole seconds. What is no duration the bridge itself refuses. */ -}}
{{- define "coder-scim.shutdownSeconds" -}}
{{- $text := get .Values.env "CODER_SCIM_SHUTDOWN_TIMEOUT" | default "20s" | toString }}
{{- $milliseconds := dict "ms" 1 "s" 1000 "m" 60000 | dig (regexFind "[a-z]+$" $text) 0 }}
{{- div (add 999 (mul (regexFind "^[0-9]+" $text | int) $milliseconds)) 1000 }}
{{- end }}
{{- /* What the other database has, this one does not: the bridge would start on an empty one and look well, with no app and no token. */ -}}
{{- define "coder-scim.checkMoved" -}}
{{- $wanted := .Values.database.postgres | ternary "postgres" "sqlite" }}
{{- $other := .Values.database.postgres | ternary "StatefulSet" "Deployment" }}
{{- if and (ne (.Values.database.movedTo | default "") $wanted) (lookup "apps/v1" $other .Release.Namespace (include "coder-scim.name" .)) }}
{{- fail (printf "database.postgres is %v, and this release runs on %s: on the other database it would start empty. Move the database first (docs/deploy.md, Kubernetes), and then set database.movedTo: %s" .Values.database.postgres (.Values.database.postgres | ternary "SQLite" "Postgres") $wanted) }}
{{- end }}
{{- end }}
{{- define "coder-scim.check" -}}
{{- include "coder-scim.checkMoved" . }}
{{- if and (not .Values.database.postgres) (gt (int .Values.replicas) 1) }}
{{- fail "replicas is more than 1 without database.postgres: a SQLite database has one bridge" }}
{{- end }}
{{- if not (or .Values.secrets.keys.adminToken (hasKey .Values.secrets.variables "CODER_SCIM_ADMIN_CREDENTIALS")) }}
{{- fail "secrets.keys.adminToken is empty: wanted a key, or named credentials in secrets.variables.CODER_SCIM_ADMIN_CREDENTIALS" }}
{{- end }}
{{- $ending := add .Values.preStopSeconds (include "coder-scim.shutdownSeconds" .) }}
{{- if le (int .Values.terminationGracePeriodSeconds) (int $ending) }}
{{- fail (printf "terminationGracePeriodSeconds is %v: wanted more than %d, what preStopSeconds and CODER_SCIM_SHUTDOWN_TIMEOUT take together" .Values.terminationGracePeriodSeconds $ending) }}
{{- end }}
{{- end }}
