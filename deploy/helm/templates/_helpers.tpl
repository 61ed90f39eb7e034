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
CODER_SCIM_ADMIN_TOKEN: {{ .Values.secrets.keys.adminToken }}
{{- if .Values.database.postgres }}
CODER_SCIM_DATABASE_URL: {{ .Values.secrets.keys.databaseUrl }}
{{- end }}
{{- if .Values.secrets.keys.metricsToken }}
CODER_SCIM_METRICS_TOKEN: {{ .Values.secrets.keys.metricsToken }}
{{- end }}
{{- end }}
{{- define "coder-scim.check" -}}
{{- if and (not .Values.database.postgres) (gt (int .Values.replicas) 1) }}
{{- fail "replicas is more than 1 without database.postgres: a SQLite database has one bridge" }}
{{- end }}
{{- end }}
